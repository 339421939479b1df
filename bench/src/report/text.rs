//! The page's text.

use std::fs;

use super::{BATCH, Failure, Found, Instructions, Peer, ROUNDS, Times, WARM, Write};

/// Between these lines stands what a person wrote.
const NOTES: (&str, &str) = ("<!-- by hand: begin -->", "<!-- by hand: end -->");

/// What a person wrote, which stays.
fn notes(page: &str) -> &str {
    let after = page.split_once(NOTES.0).map_or("", |(_, after)| after);
    after.split_once(NOTES.1).map_or("\n", |(kept, _)| kept)
}

/// The whole page.
pub(super) fn page(found: &Found, before: &str) -> Result<String, Failure> {
    let Found { peers, functions, pure, embedded } = found;
    let mut page = format!(
        "\
# Performance

Written by `bench/run`, which builds everything, measures it and writes this page. What the functions may cost at most is
kept in [bench/budgets.toml](../bench/budgets.toml), which every run of `.ci/run` checks.

**How it is measured.** One process stands for Lambda's Runtime API, SQS, Secrets Manager, DynamoDB, Websand and WEBSALE,
each with TLS 1.3 on 127.0.0.1, and runs the real binary; every answer, every signature and every call is checked. Times
are medians of {ROUNDS} processes with {WARM} further invocations each (least–most), CPU is that of all threads, with
the processors kept awake. Instructions are counted by callgrind: they are the same on every machine.
There is no network here: a real first connection adds its round trips.

**Machine.** {}. {}

## One webhook: order-placed and its peers

An order of Shopify of 11 KB: fetch the shop's secret, check the signature, read the order, send it to SQS. `floor` does
the two calls without SDK, runtime and HTTP library, and does not map the order; *stock Rust* is a new function with the
default features of `lambda_http`, `aws-config` and `aws-sdk-sqs`; Node and Python use AWS's SDKs. All connect to the same
servers. A function of 128 MB has 1.447 ms of CPU in every 20 ms: what costs more waits.

![CPU of a cold start](performance.svg)

",
        machine()?,
        load()?
    );
    page.push_str(&table(peers));
    page.push_str(&ratios(peers));
    write!(
        page,
        "\n## All functions\n\nForwarders settle a batch of {BATCH} messages of one shop; schedules find nothing due.\n\n"
    )?;
    page.push_str(&table(functions));
    page.push_str("\nConnections of a process, whatever it is asked to do:\n\n");
    for function in functions {
        if let Some(times) = &function.times {
            writeln!(page, "- {}: {}", function.name, times.connections)?;
        }
    }
    write!(
        page,
        "\n## The pure parts\n\nMedians of Criterion, in microseconds: no network, no store. Verifying is the signature over \
         the whole body; BigCommerce's webhooks only name an order.\n\n{pure}\n\
         ## The embedded host\n\n`shoprelay serve` and the program that sends to it, over 64 connections, share the \
         processors. The first line is the same server without a store: what it accepts is gone. Then deliveries are \
         paused, with an empty queue and with a long one; every 202 waits for the disk. The last line delivers as well, \
         to a sandbox on the same processors.\n\n{embedded}\n\
         ## Where the time goes\n\n{}{}{}\n",
        NOTES.0,
        notes(before),
        NOTES.1
    )?;
    Ok(page)
}

fn table(rows: &[Peer]) -> String {
    let mut table = "\
| | init CPU ms | first invocation ms | … CPU ms | further ms | … p99 ms | … CPU ms | memory MB | package KB | instructions cold | … warm |
|---|---|---|---|---|---|---|---|---|---|---|
"
    .to_owned();
    for row in rows {
        let Some(times) = &row.times else { continue };
        let Times { init_cpu, cold, cold_cpu, warm_median, warm_p99, warm_cpu, memory, .. } = times;
        let counted = |value: Option<u64>| value.map_or("–".to_owned(), millions);
        let cold_count = counted(row.instructions.map(|Instructions { cold, .. }| cold));
        let warm_count = counted(row.instructions.map(|Instructions { warm, .. }| warm));
        let package = row.package.as_deref().and_then(|path| fs::read(path).ok());
        let package = package.map_or("–".to_owned(), |content| (packed(&content) / 1000).to_string());
        // Writing to a String cannot fail.
        let _ = writeln!(
            table,
            "| {} | {init_cpu} | {cold} | {cold_cpu} | {warm_median} | {warm_p99} | {warm_cpu} | {memory} | {package} | {cold_count} | {warm_count} |",
            row.name
        );
    }
    table
}

fn ratios(peers: &[Peer]) -> String {
    let found = |name: &str| peers.iter().find(|peer| peer.name == name);
    let (Some(ours), Some(floor)) = (found("order-placed"), found("floor")) else { return String::new() };
    let mut text = "\nAgainst `order-placed`:\n\n".to_owned();
    if let (Some(ours), Some(floor)) = (ours.instructions, floor.instructions) {
        let (more, warm) = (tenths(ours.cold, floor.cold), tenths(ours.warm, floor.warm));
        let _ = writeln!(text, "- `floor`: we take {more} times its instructions cold, {warm} times warm");
    }
    for name in ["stock Rust", "Node", "Python"] {
        let (Some(theirs), Some(ours)) = (found(name).and_then(|peer| peer.times.as_ref()), ours.times.as_ref()) else {
            continue;
        };
        let _ = writeln!(
            text,
            "- {name}: {:.0} times our CPU cold (init and first invocation), {:.0} times in the first invocation alone, {:.1} times warm",
            theirs.both_cpu.median / ours.both_cpu.median,
            theirs.cold_cpu.median / ours.cold_cpu.median,
            theirs.warm_cpu.median / ours.warm_cpu.median,
        );
    }
    text
}

fn tenths(ours: u64, theirs: u64) -> String {
    let hundredths = ours * 100 / theirs.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn millions(count: u64) -> String {
    format!("{}.{:02} M", count / 1_000_000, count / 10_000 % 100)
}

/// The size of a package that holds this.
fn packed(content: &[u8]) -> usize {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    let written = std::io::Write::write_all(&mut encoder, content);
    written.and_then(|()| encoder.finish()).map_or(0, |packed| packed.len())
}

fn machine() -> Result<String, Failure> {
    let processors = fs::read_to_string("/proc/cpuinfo")?;
    let value = |key: &str| {
        processors
            .lines()
            .find_map(|line| line.strip_prefix(key)?.split_once(": "))
            .map(|(_, name)| name.trim().to_owned())
    };
    let count = processors.lines().filter(|line| line.starts_with("processor")).count();
    Ok(format!("{count} × {}", value("model name").unwrap_or_else(|| "unknown processor".into())))
}

fn load() -> Result<String, Failure> {
    let load = fs::read_to_string("/proc/loadavg")?;
    let minutes = load.split(' ').nth(1).unwrap_or_default();
    Ok(format!("Load while measuring, of which one a processor is the loop that keeps it awake: {minutes}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_wrote_stays() {
        let found = Found { peers: Vec::new(), functions: Vec::new(), pure: String::new(), embedded: String::new() };
        let first = page(&found, "").unwrap();
        assert_eq!(notes(&first), "\n");
        let (before, after) = first.split_once(NOTES.1).unwrap();
        let second = page(&found, &format!("{before}Signing.\n{}{after}", NOTES.1)).unwrap();
        assert_eq!(notes(&second), "\nSigning.\n");
    }

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!((millions(12_345_678), tenths(16, 10)), ("12.34 M".into(), "1.60".into()));
    }
}
