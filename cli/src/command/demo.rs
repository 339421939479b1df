//! `shoprelay demo`.

use std::process::ExitCode;

use super::{CommandError, Outcome};
use crate::{
    demo::{PATIENCE, say},
    stop::Stop,
};

/// Starts host, sandbox and demo shops, sends real webhooks through them and shows them arrive.
///
/// Six shops take part: one at Shopify, one each with WooCommerce, Shopware, BigCommerce and WEBSALE, and one with a system
/// of its own. They send orders, customers, an unsubscription and one promotion of each channel: over HTTP, with real
/// signatures, through the embedded host, to a sandbox of Websand and WEBSALE.
/// Everything lives in a temporary directory and ends with Ctrl-C.
#[derive(clap::Args)]
pub(crate) struct Demo {
    /// End when all has arrived, with 0; or after a minute, with 1 and what is missing.
    #[arg(long)]
    once: bool,
}

impl Demo {
    pub(crate) async fn run(self) -> Outcome {
        let mut stop = Stop::new().map_err(|error| CommandError(format!("cannot wait for signals: {error}")))?;
        let demo = crate::demo::Demo::start().await?;
        demo.introduce();
        let code = tokio::select! {
            code = self.play(&demo) => code,
            () = stop.told() => Ok(if self.once { ExitCode::FAILURE } else { ExitCode::SUCCESS }),
        };
        demo.stop().await;
        code
    }

    async fn play(&self, demo: &crate::demo::Demo) -> Outcome {
        let ((), missing) = tokio::try_join!(demo.send(), demo.watch())?;
        if missing.is_empty() {
            say(&format!("\nEverything has arrived, after {:.1} s.", demo.elapsed().as_secs_f64()));
        } else {
            say(&format!("\nMissing after {} s:\n  {}", PATIENCE.as_secs(), missing.join("\n  ")));
        }
        if self.once {
            return Ok(if missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        demo.invite();
        demo.go_on().await;
        Ok(ExitCode::SUCCESS)
    }
}
