//! One round: a fresh process, its first invocation, and more while it is warm.

use std::{
    ffi::OsString,
    time::{Duration, Instant},
};

use bytes::Bytes;
use serde_json::Value;

use crate::{
    Failure,
    chain::Chain,
    function::Function,
    process::Process,
    runtime::{Move, Runtime},
    server::Server,
    stage::Stage,
};

/// No round takes this long, not even under callgrind on a busy machine.
const LIMIT: Duration = Duration::from_mins(5);

/// What a round is of.
#[derive(Clone, Copy)]
pub(crate) struct Plan<'a> {
    pub(crate) function: Function,
    /// The program and its arguments.
    pub(crate) words: &'a [OsString],
    /// Invocations after the first.
    pub(crate) warm: usize,
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Round {
    /// From the start of the process until it asks for work.
    pub(crate) init: Span,
    /// The first invocation, until it asks for more.
    pub(crate) cold: Span,
    /// Each further invocation, until its answer is there.
    pub(crate) warm: Vec<Duration>,
    /// CPU of all further invocations.
    pub(crate) warm_cpu: Duration,
    /// KiB.
    pub(crate) peak_memory: u32,
    /// By service.
    pub(crate) connections: String,
}

/// Time on the clock and on the processor.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

/// Runs it; fails if any answer is wrong, or if something was not done that should have been.
pub(crate) async fn run(chain: &Chain, plan: Plan<'_>) -> Result<Round, Failure> {
    let log = tempfile::NamedTempFile::new()?;
    let round = tokio::time::timeout(LIMIT, invoke(chain, plan, log.path())).await;
    let round = round.unwrap_or_else(|_| Err("it takes too long".into()));
    let said = std::fs::read_to_string(log.path())?;
    let complaint = said.lines().find(|line| line.contains(r#""WARN""#) || line.contains(r#""ERROR""#));
    match (round, complaint) {
        (Ok(round), None) => Ok(round),
        (Ok(_), Some(line)) => Err(format!("{}: it complained: {line}", plan.function.name).into()),
        (Err(error), _) => {
            Err(format!("{}: {error}\n{}", plan.function.name, said.lines().last().unwrap_or_default()).into())
        }
    }
}

async fn invoke(chain: &Chain, plan: Plan<'_>, log: &std::path::Path) -> Result<Round, Failure> {
    let stage = Stage::new(chain).await?;
    let (runtime, mut moves) = Runtime::new();
    let runtime = Server::start(runtime, None).await?;
    let began = Instant::now();
    let mut process = Process::start(plan.words, stage.environment(&runtime), log)?;
    let mut round = Round::default();
    let mut since = Span { wall: Duration::ZERO, cpu: Duration::ZERO };
    // The last question stays unanswered until the process has ended: an empty answer would be a fault of Lambda's.
    let mut waiting = None;
    for number in 0..=plan.warm + 1 {
        let next = tokio::select! {
            next = moves.recv() => next,
            ended = process.ended() => return Err(ended),
        };
        let now = Span { wall: began.elapsed(), cpu: process.cpu().await? };
        let spent = Span { wall: now.wall.saturating_sub(since.wall), cpu: now.cpu.saturating_sub(since.cpu) };
        match number {
            0 => round.init = spent,
            1 => round.cold = spent,
            _ => round.warm_cpu += spent.cpu,
        }
        let Some(Move::Next(reply)) = next else { return Err("it does not ask for work".into()) };
        if number > plan.warm {
            waiting = Some(reply);
            break;
        }
        let event = plan.function.event(number)?.to_string();
        since = Span { wall: began.elapsed(), cpu: now.cpu };
        if reply.send(Bytes::from(event)).is_err() {
            return Err("it went away".into());
        }
        let answer = tokio::select! {
            answer = moves.recv() => answer,
            ended = process.ended() => return Err(ended),
        };
        if number > 0 {
            round.warm.push(began.elapsed().saturating_sub(since.wall));
        }
        check(plan.function, answer)?;
    }
    round.peak_memory = process.peak_memory()?;
    round.connections = format!("{:?}", stage.connections());
    process.stop().await?;
    drop(waiting);
    plan.function.check(plan.warm + 1, &stage)?;
    Ok(round)
}

fn check(function: Function, answer: Option<Move>) -> Result<(), Failure> {
    match answer {
        Some(Move::Answer(body)) => {
            let answer: Value = serde_json::from_slice(&body)?;
            if function.is_right(&answer) { Ok(()) } else { Err(format!("wrong answer: {answer}").into()) }
        }
        Some(Move::Failed(body)) => Err(format!("it failed: {}", String::from_utf8_lossy(&body)).into()),
        Some(Move::Next(_)) => Err("it asks for more without an answer".into()),
        None => Err("its Runtime API is gone".into()),
    }
}
