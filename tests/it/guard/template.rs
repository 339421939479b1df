//! The template's checks, all offline: SAM's own translation, cfn-lint on what comes of it, and rules that AWS enforces or
//! our delivery rests on, and that neither of these nor the emulator looks at.

use std::{collections::BTreeSet, process::Command, sync::OnceLock};

use relay_tests::{
    binaries::repository,
    template::{Template, source, translate},
};
use serde_json::{Value, json};

mod functions;
mod ingress;
mod queues;
mod references;
mod roles;
mod storage;
mod told;

/// As it is deployed without a word, and the other way round.
const VARIANTS: [&[(&str, &str)]; 2] = [
    &[],
    &[
        ("Ingress", "FunctionUrls"),
        ("InvocationLogs", "off"),
        ("KmsKeyArn", "arn:aws:kms:eu-west-1:123456789012:key/k-1"),
    ],
];

#[test]
fn the_template_keeps_every_rule() {
    assert_eq!(faults(translated()), BTreeSet::new());
}

#[test]
fn cfn_lint_finds_nothing_in_the_translated_template_and_something_in_a_faulty_one() {
    let mut faulty = translated().clone();
    set(&mut faulty, "/Resources/WebsandForwarder/Properties/Timeout", json!(901));
    let findings = lint(&[translated(), &faulty]);
    assert_eq!(findings[0], Vec::<String>::new());
    assert!(findings[1].iter().any(|finding| finding.contains("901")), "{findings:?}");
}

/// What someone may get wrong in the template's text, and by what it is found out.
#[test]
fn each_of_ten_seeded_faults_is_found_out() {
    let seeds = [
        ("partial batches", "      FunctionResponseTypes: [ReportBatchItemFailures]\n", "", "repeat the whole batch"),
        ("visibility", "VisibilityTimeout: 720", "VisibilityTimeout: 600", "WebsaleQueue: visible again too early"),
        ("wildcard", "Action: sqs:SendMessage\n", "Action: sqs:*\n", "may do anything"),
        ("encryption", "      SqsManagedSseEnabled: !If [OwnKey, !Ref AWS::NoValue, true]\n", "", "not encrypted"),
        ("environment", "SHOPRELAY_LEDGER_TABLE:", "SHOPRELAY_LEDGER:", "SHOPRELAY_LEDGER_TABLE is missing"),
        (
            "dead letters",
            "      RedrivePolicy: {deadLetterTargetArn: !GetAtt WebsandDeadLetters.Arn, maxReceiveCount: 1000}\n",
            "",
            "WebsandQueue: no dead-letter queue",
        ),
        ("index key", "AttributeName: due_at, KeyType", "AttributeName: due_shard, KeyType", "not the code's index"),
        (
            "poller off",
            "      Name: !Sub ${AWS::StackName}-push-status-poller\n      State: !Ref ScheduleState\n",
            "      Name: !Sub ${AWS::StackName}-push-status-poller\n      State: DISABLED\n",
            "PushStatusPollerSchedule: off",
        ),
        ("other secret", "${SecretPrefix}*/webhook-??????", "${SecretPrefix}*/websand-??????", "reads */web"),
        ("log retention", "      RetentionInDays: !Ref LogRetentionDays\n", "", "logs are kept for ever"),
    ];
    let broken: Vec<_> = seeds
        .iter()
        .map(|(name, sound, broken, _)| {
            let text = source().replacen(sound, broken, 1);
            assert_ne!(text, source(), "{name}: the template has no {sound:?}");
            text
        })
        .collect();
    for ((name, _, _, expected), translated) in seeds.iter().zip(translate(&broken)) {
        let found = faults(&translated.unwrap_or_else(|refused| panic!("{name}: {refused}")));
        assert!(found.iter().any(|fault| fault.contains(expected)), "{name}: {found:?}");
    }
}

#[test]
fn each_rule_notices_a_template_that_breaks_it() {
    let role = "/Resources/OrderPlacedRole/Properties/Policies/0/PolicyDocument/Statement";
    let forwarder = "/Resources/WebsandForwarderRole/Properties/Policies/0/PolicyDocument/Statement";
    let stage = "/Resources/ApiStage/Properties";
    for (place, value, expected) in [
        ("/Resources/ApiStage/Properties/ApiId/Ref", json!("Nowhere"), "Nowhere is not in the template"),
        ("/Outputs/ApiUrl/Value/Fn::Sub", json!("https://${Nothing}"), "Nothing is not in the template"),
        // Not there where webhooks come in by function URLs.
        ("/Resources/WebsandQueue/Properties/QueueName", json!({"Ref": "Api"}), "Api is not in the template"),
        ("/Resources/WebsandQueue/Properties/VisibilityTimeout", json!(359), "WebsandQueue: visible again too early"),
        ("/Resources/WebsandForwarder/Properties/Timeout", json!(61), "WebsandQueue: visible again too early"),
        ("/Resources/WebsaleForwarderQueue/Properties/BatchSize", json!(11), "larger batches need a window"),
        ("/Resources/WebsandQueue/Properties/RedrivePolicy/maxReceiveCount", json!(5), "parks before the worker does"),
        (
            "/Resources/WebsandForwarderQueue/Properties/ScalingConfig/MaximumConcurrency",
            json!(7),
            "share a shop's requests per second wrongly",
        ),
        ("/Resources/WebsaleQueue/Properties/FifoQueue", json!(true), "fair groups need a standard queue"),
        ("/Resources/WebsaleQueue/Properties/MessageRetentionPeriod", json!(345_600), "messages go before 14 days"),
        (
            "/Resources/WebsandForwarder/Properties/ReservedConcurrentExecutions",
            json!(5),
            "WebsandForwarder: throttling counts as receiving",
        ),
        ("/Resources/OrderPlaced/Properties/Architectures", json!(["arm64"]), "not the architecture"),
        (
            "/Resources/OrderPlaced/Properties/Environment/Variables/SHOPRELAY_WEBSAND_QUEUE_URL/Ref",
            json!("WebsaleQueue"),
            "OrderPlaced: SHOPRELAY_WEBSAND_QUEUE_URL is not what it reads",
        ),
        ("/Resources/Ledger/Properties/TimeToLiveSpecification/Enabled", json!(false), "Ledger: rows never expire"),
        ("/Resources/Ledger/DeletionPolicy", json!("Delete"), "Ledger: goes with the stack"),
        (
            "/Resources/PromotionDispatcherSchedule/Properties/ScheduleExpression",
            json!("rate(1 minutes)"),
            "PromotionDispatcherSchedule: not every minute",
        ),
        (
            "/Resources/PushStatusPollerSchedule/Properties/Target/Arn/Fn::GetAtt/0",
            json!("PromotionDispatcher"),
            "PushStatusPoller: woken by 0 schedules",
        ),
        ("/Resources/OrderPlacedLogs/Properties/KmsKeyId", json!("x"), "OrderPlacedLogs: not encrypted with the key"),
        (
            "/Resources/OrderPlaced/Properties/LoggingConfig/ApplicationLogLevel/Fn::If/1",
            json!("ERROR"),
            "OrderPlaced: not the lines that it should log",
        ),
        (&format!("{stage}/DefaultRouteSettings"), json!({}), "ApiStage: not throttled"),
        (&format!("{stage}/AccessLogSettings/Format"), json!("{\"path\":\"$context.path\"}"), "ApiStage: logs path"),
        ("/Resources/OrderPlacedRoute/Properties/RouteKey", json!("POST /x"), "OrderPlaced: no route leads to it"),
        ("/Resources/OrderPlacedUrlPermission/Properties/Action", json!("x"), "OrderPlaced: no address of its own"),
        ("/Resources/OrderPlacedPermission/Properties/Principal", json!("*"), "OrderPlacedPermission: open to all"),
        (&format!("{role}/0/Resource"), json!("*"), "OrderPlacedRole: reaches everything"),
        (&format!("{role}/1/Resource/1"), json!("x"), "OrderPlacedRole: a missing secret would be denied"),
        (&format!("{role}/1/Resource/0"), secret("*/platform-??????"), "OrderPlacedRole: reads */platform, */webhook"),
        (&format!("{forwarder}/4/Resource/3"), secret("*/websale"), "WebsandForwarderRole: reads"),
        (&format!("{forwarder}/4/Resource/2"), secret("*/platform*"), "WebsandForwarderRole: a pattern that"),
        (&format!("{forwarder}/2/Action"), json!(["dynamodb:GetItem"]), "README: websand-forwarder does not do"),
        (
            "/Resources/KeyToRead/Properties/PolicyDocument/Statement/0/Condition",
            json!({}),
            "KeyToRead: uses the key directly",
        ),
    ] {
        let mut template = translated().clone();
        set(&mut template, place, value);
        let found = faults(&template);
        assert!(found.iter().any(|fault| fault.contains(expected)), "{place}: {found:?}");
    }
}

/// Everything that is wrong with a translated template, in either variant.
fn faults(translated: &Value) -> BTreeSet<String> {
    let rules = [
        references::faults,
        queues::faults,
        storage::faults,
        functions::faults,
        ingress::faults,
        roles::faults,
        dashboards,
        told::faults,
    ];
    let variants = VARIANTS.map(|parameters| Template::new(translated, parameters));
    variants.iter().flat_map(|template| rules.iter().flat_map(|rule| rule(template))).collect()
}

/// AWS refuses a dashboard whose body is no JSON; `CloudFormation` takes it as a text.
fn dashboards(template: &Template) -> Vec<String> {
    let mut faults = Faults::default();
    for (name, dashboard) in template.of("AWS::CloudWatch::Dashboard") {
        let body = &dashboard["DashboardBody"];
        let body = body["Fn::Sub"].as_str().or(body.as_str()).unwrap_or_default();
        faults.unless(serde_json::from_str::<Value>(body).is_ok(), || format!("{name}: its body is no JSON"));
    }
    faults.0
}

/// What is found wrong.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn unless(&mut self, kept: bool, fault: impl FnOnce() -> String) {
        if !kept {
            self.0.push(fault());
        }
    }
}

/// Whether it is encrypted as its owner wants it: with their key if they gave one, else with AWS's.
fn own_key(template: &Template, key: &Value, with_aws_key: bool) -> bool {
    if template.parameter("KmsKeyArn") == "" {
        key.is_null() && with_aws_key
    } else {
        *key == json!({"Ref": "KmsKeyArn"})
    }
}

/// The logical name in `Fn::GetAtt`.
fn target(value: &Value) -> Option<&str> {
    value["Fn::GetAtt"][0].as_str()
}

pub(super) fn translated() -> &'static Value {
    static TRANSLATED: OnceLock<Value> = OnceLock::new();
    TRANSLATED.get_or_init(|| translate(&[source()]).remove(0).expect("SAM takes the template"))
}

/// What cfn-lint finds in each of these.
fn lint(templates: &[&Value]) -> Vec<Vec<String>> {
    let program = repository().join(".venv/bin/cfn-lint");
    assert!(
        program.is_file(),
        "{} is missing: tests/run sets it up, or pip install -r tests/emulator/requirements.txt in .venv",
        program.display()
    );
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<_> = (0..templates.len()).map(|number| folder.path().join(format!("{number}.json"))).collect();
    for (file, template) in files.iter().zip(templates) {
        std::fs::write(file, template.to_string()).unwrap();
    }
    let mut command = Command::new(program);
    let output = command.args(["--regions", "eu-west-1", "--format", "json", "--"]).args(&files).output().unwrap();
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let of = |file: &std::path::PathBuf| {
        let ours = findings.iter().filter(|finding| finding["Filename"].as_str() == file.to_str());
        ours.map(|finding| format!("{} {}", finding["Rule"]["Id"], finding["Message"])).collect()
    };
    files.iter().map(of).collect()
}

/// The ARN of these secrets, as the template writes it.
fn secret(name: &str) -> Value {
    let place = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${SecretPrefix}";
    json!({"Fn::Sub": format!("{place}{name}")})
}

pub(super) fn set(template: &mut Value, place: &str, value: Value) {
    let (parent, name) = place.rsplit_once('/').unwrap();
    match template.pointer_mut(parent).unwrap_or_else(|| panic!("the template has {parent}")) {
        Value::Array(list) => list[name.parse::<usize>().unwrap()] = value,
        parent => parent[name] = value,
    }
}
