//! Measures everything and writes `docs/performance.md` with its chart, and the times that `docs/cost.md` is made from.

use std::{
    ffi::OsString,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    Failure,
    callgrind::{self, Instructions},
    chain::Chain,
    function::{BATCH, Function},
    spin::Spin,
    timed::{self, Times},
};

mod chart;
mod pure;
mod text;

const ROUNDS: usize = 7;
const WARM: usize = 200;

/// Everything that the page shows.
struct Found {
    peers: Vec<Peer>,
    functions: Vec<Peer>,
    /// Tables.
    pure: String,
    embedded: String,
}

/// One way to do the work of `order-placed`, and what it cost.
struct Peer {
    name: &'static str,
    words: Vec<OsString>,
    /// What is packed, if it is one file.
    package: Option<PathBuf>,
    times: Option<Times>,
    instructions: Option<Instructions>,
}

impl Peer {
    fn binary(name: &'static str, path: PathBuf) -> Self {
        let words = vec![path.clone().into()];
        Self { name, words, package: Some(path), times: None, instructions: None }
    }

    fn script(name: &'static str, words: &[OsString], package: Option<PathBuf>) -> Self {
        Self { name, words: words.to_vec(), package, times: None, instructions: None }
    }

    async fn measure(&mut self, chain: &Chain, function: Function) -> Result<(), Failure> {
        eprintln!("measuring {}", self.name);
        self.times = Some(timed::time(chain, function, &self.words, ROUNDS, WARM).await?);
        // An interpreter is not worth counting: most of it is made anew while it runs.
        if let [program] = self.words.as_slice() {
            self.instructions = Some(callgrind::count(chain, function, Path::new(program)).await?);
        }
        Ok(())
    }
}

/// What a webhook and a message take of a processor, for the page about cost.
fn times(functions: &[Peer]) -> Option<String> {
    let found = |name: &str| Some(functions.iter().find(|peer| peer.name == name)?.times.as_ref()?.warm_cpu.median);
    let (webhook, batch) = (found("order-placed")?, found("websand-forwarder")?);
    let message = batch / f64::from(u32::try_from(BATCH).ok()?);
    Some(format!("{{\n  \"webhook_cpu_ms\": {webhook:.2},\n  \"message_cpu_ms\": {message:.2}\n}}\n"))
}

/// Measures and writes. `criterion` is Criterion's folder; in that of the peers is what was measured of the embedded host.
pub(crate) async fn write(
    chain: &Chain,
    from: &Path,
    peers: &Path,
    criterion: &Path,
    docs: &Path,
) -> Result<(), Failure> {
    let (pure, embedded) = (pure::table(criterion)?, fs::read_to_string(peers.join("embedded.md"))?);
    let [order, ..] = Function::ALL;
    let node = peers.join("node/dist/function.cjs");
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/python");
    let python = [
        "env".into(),
        format!("PYTHONPATH={}", sources.display()).into(),
        peers.join("venv/bin/python3").into(),
        "-m".into(),
        "awslambdaric".into(),
        "function.receive".into(),
    ];
    let mut all = vec![
        Peer::binary("floor", from.join("floor")),
        Peer::binary("order-placed", from.join(order.name)),
        Peer::binary("stock Rust", peers.join("stock/release/stock")),
        Peer::script("Node", &["node".into(), node.clone().into()], Some(node)),
        Peer::script("Python", &python, None),
    ];
    let spin = Spin::start()?;
    for peer in &mut all {
        peer.measure(chain, order).await?;
    }
    let mut functions = Vec::new();
    for function in Function::ALL {
        let mut found = Peer::binary(function.name, from.join(function.name));
        found.measure(chain, function).await?;
        functions.push(found);
    }
    drop(spin);
    let page = docs.join("performance.md");
    let before = fs::read_to_string(&page).unwrap_or_default();
    let found = Found { peers: all, functions, pure, embedded };
    fs::write(&page, text::page(&found, &before)?)?;
    fs::write(docs.join("performance.svg"), chart::svg(&chart::bars(&found.peers)))?;
    fs::write(docs.join("../infra/cost/times.json"), times(&found.functions).ok_or("no times")?)?;
    Ok(())
}
