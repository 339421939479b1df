//! The queues and what they feed.

use std::collections::BTreeSet;

use relay_tests::template::Template;
use serde_json::{Value, json};

use super::{Faults, own_key, target};

pub(super) fn faults(template: &Template) -> Vec<String> {
    let mut faults = Faults::default();
    let dead_letters = dead_letters(template);
    for (name, queue) in template.of("AWS::SQS::Queue") {
        faults.unless(own_key(template, &queue["KmsMasterKeyId"], queue["SqsManagedSseEnabled"] == true), || {
            format!("{name}: not encrypted")
        });
        faults.unless(queue["MessageRetentionPeriod"] == 1_209_600, || format!("{name}: messages go before 14 days"));
        faults.unless(queue["FifoQueue"].is_null(), || format!("{name}: fair groups need a standard queue"));
        let redrive = &queue["RedrivePolicy"];
        faults.unless(dead_letters.contains(name) || !redrive.is_null(), || format!("{name}: no dead-letter queue"));
    }
    for (name, mapping) in template.of("AWS::Lambda::EventSourceMapping") {
        fed(template, name, mapping, &mut faults);
    }
    faults.0
}

/// The queues that others leave their dead letters in.
fn dead_letters(template: &Template) -> BTreeSet<&str> {
    let queues = template.of("AWS::SQS::Queue").map(|(_, queue)| &queue["RedrivePolicy"]["deadLetterTargetArn"]);
    let schedules =
        template.of("AWS::Scheduler::Schedule").map(|(_, schedule)| &schedule["Target"]["DeadLetterConfig"]["Arn"]);
    queues.chain(schedules).filter_map(target).collect()
}

/// A queue and the function it feeds.
fn fed(template: &Template, name: &str, mapping: &Value, faults: &mut Faults) {
    let failures = &mapping["FunctionResponseTypes"];
    faults.unless(*failures == json!(["ReportBatchItemFailures"]), || {
        format!("{name}: a failure would repeat the whole batch")
    });
    let unhurried = !mapping["MaximumBatchingWindowInSeconds"].is_null();
    faults.unless(mapping["BatchSize"].as_u64() <= Some(10) || unhurried, || {
        format!("{name}: larger batches need a window")
    });
    let queue_name = target(&mapping["EventSourceArn"]).unwrap_or_default();
    let queue = template.properties(queue_name);
    let function = template.properties(mapping["FunctionName"]["Ref"].as_str().unwrap_or_default());
    let (visibility, timeout) = (queue["VisibilityTimeout"].as_u64(), function["Timeout"].as_u64());
    faults.unless(visibility.is_some() && visibility >= timeout.map(|timeout| 6 * timeout), || {
        format!("{queue_name}: visible again too early")
    });
    let receives = &queue["RedrivePolicy"]["maxReceiveCount"];
    faults.unless(*receives == 1000, || format!("{queue_name}: parks before the worker does"));
    let concurrency = &mapping["ScalingConfig"]["MaximumConcurrency"];
    let workers = &function["Environment"]["Variables"]["SHOPRELAY_WORKERS"];
    faults.unless(concurrency["Ref"].is_string() && concurrency == workers, || {
        format!("{name}: workers would share a shop's requests per second wrongly")
    });
}
