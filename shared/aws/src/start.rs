//! How a function starts: only what its first invocation needs.

use std::{process::ExitCode, sync::Arc, time::Duration};

use jiff::Timestamp;
use lambda_runtime::{Context, Error};
use relay::{
    clock::{Clock, SystemClock},
    config::{ConfigError, Destinations, Variables},
    http::{GuardedHttp, Http, ReqwestHttp},
    ports::Ports,
    random::SystemRandom,
    secret::{Secrets, SecretsConfig},
    telemetry::{self, Sink},
    tls,
};

use crate::{AwsConfig, DynamoLedger, QueueUrls, SecretsManagerStore, SqsQueue};

/// What the connections opened at start may cost a webhook's first answer, which has to leave within 4 s of a cold start.
const CONNECT_WITHIN: Duration = Duration::from_millis(500);

/// Serves until Lambda ends the process. What keeps the function from starting is said in one line.
pub(crate) fn run(serve: impl Future<Output = Result<(), Error>>) -> ExitCode {
    // Lambda gives one invocation at a time: a second thread would only cost CPU.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map_err(Error::from).and_then(|runtime| runtime.block_on(serve)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Opens connections while Lambda does not limit the function's CPU yet. What is missing, the first invocation opens.
pub(crate) async fn connect(opening: impl Future<Output = ()>) {
    if tokio::time::timeout(CONNECT_WITHIN, opening).await.is_err() {
        tracing::warn!("the connections to AWS were not opened in time; the first invocation opens them");
    }
}

/// What every function has.
pub(crate) struct Base {
    pub(crate) variables: Variables<'static>,
    pub(crate) aws: AwsConfig,
    pub(crate) urls: QueueUrls,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) secrets: Arc<Secrets>,
}

impl Base {
    /// Starts logging and reads the variables.
    pub(crate) fn from_process() -> Result<Self, ConfigError> {
        let variables = Variables::of_process();
        telemetry::start(variables, Sink::StdoutJson)?;
        let aws = AwsConfig::from_variables(variables)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = SecretsManagerStore::new(aws.secrets_manager());
        let secrets =
            Arc::new(Secrets::new(Arc::new(store), Arc::clone(&clock), SecretsConfig::from_variables(variables)?));
        Ok(Self { variables, urls: QueueUrls::from_variables(variables)?, aws, clock, secrets })
    }

    pub(crate) fn queue(&self) -> SqsQueue {
        SqsQueue::new(self.aws.sqs(), self.urls.clone())
    }

    /// The ports of a forwarder, the dispatcher and the poller.
    pub(crate) fn ports(&self, destinations: &Destinations) -> Result<Ports, Error> {
        let table = self.variables.required("SHOPRELAY_LEDGER_TABLE")?;
        let http = ReqwestHttp::new(tls::client_config("SHOPRELAY_CA_FILE", destinations.ca_file.as_deref())?)?;
        Ok(Ports {
            queue: Arc::new(self.queue()),
            ledger: Arc::new(DynamoLedger::new(self.aws.dynamodb(), table)),
            secrets: Arc::clone(&self.secrets),
            http: Arc::new(http),
            clock: Arc::clone(&self.clock),
            random: Arc::new(SystemRandom),
        })
    }
}

/// HTTP to shops' callbacks.
pub(crate) fn callbacks(destinations: &Destinations) -> Result<Arc<dyn Http>, Error> {
    let tls = tls::client_config("SHOPRELAY_CA_FILE", destinations.ca_file.as_deref())?;
    Ok(Arc::new(GuardedHttp::new(tls, destinations.callback_allow.clone())?))
}

/// When Lambda ends the invocation.
pub(crate) fn deadline(context: &Context) -> Result<Timestamp, Error> {
    Ok(Timestamp::from_millisecond(i64::try_from(context.deadline)?)?)
}
