//! Rules for the template that AWS enforces, or that our delivery rests on, and that neither the emulator nor the usual
//! template checkers look at. They are checked on the template as `CloudFormation` reads it, after the SAM transform.

use std::{collections::BTreeSet, process::Command};

use relay_tests::binaries::repository;
use serde_json::{Map, Value, json};

#[test]
fn the_template_keeps_every_rule() {
    assert_eq!(faults(&translated()), Vec::<String>::new());
}

#[test]
fn each_rule_notices_a_template_that_breaks_it() {
    let role = "/Resources/OrderPlacedRole/Properties/Policies/0/PolicyDocument/Statement";
    let forwarder = "/Resources/WebsandForwarderRole/Properties/Policies/0/PolicyDocument/Statement";
    let sound = translated();
    for (place, value, expected) in [
        ("/Resources/ApiStage/Properties/ApiId/Ref", json!("Nowhere"), "Nowhere is not in the template"),
        ("/Outputs/ApiUrl/Value/Fn::Sub", json!("https://${Nothing}"), "Nothing is not in the template"),
        (
            "/Resources/WebsandForwarderQueue/Properties/EventSourceArn/Fn::GetAtt/0",
            json!("No"),
            "No is not in the template",
        ),
        ("/Resources/WebsandQueue/Properties/VisibilityTimeout", json!(359), "WebsandQueue: visible again too early"),
        ("/Resources/WebsandForwarder/Properties/Timeout", json!(61), "WebsandQueue: visible again too early"),
        (
            "/Resources/WebsaleForwarderQueue/Properties/FunctionResponseTypes",
            json!([]),
            "WebsaleForwarderQueue: a failure would repeat the whole batch",
        ),
        (
            "/Resources/WebsaleForwarderQueue/Properties/BatchSize",
            json!(11),
            "WebsaleForwarderQueue: larger batches need a window",
        ),
        (
            "/Resources/WebsandQueue/Properties/RedrivePolicy/maxReceiveCount",
            json!(5),
            "WebsandQueue: parks before the worker does",
        ),
        (
            "/Resources/WebsandForwarder/Properties/ReservedConcurrentExecutions",
            json!(5),
            "WebsandForwarder: throttling counts as receiving",
        ),
        ("/Resources/Ledger/Properties/TimeToLiveSpecification/Enabled", json!(false), "Ledger: rows never expire"),
        (
            "/Resources/PromotionDispatcherSchedule/Properties/ScheduleExpression",
            json!("rate(1 minutes)"),
            "PromotionDispatcherSchedule: not a rate",
        ),
        (&format!("{role}/0/Resource"), json!("*"), "OrderPlacedRole: reaches everything"),
        (&format!("{role}/1/Resource/1"), json!("x"), "OrderPlacedRole: a missing secret would be denied"),
        (&format!("{role}/1/Resource/0"), secret("*/platform-??????"), "OrderPlacedRole: reads */platform, */webhook"),
        (&format!("{forwarder}/4/Resource/3"), secret("*/websale"), "WebsandForwarderRole: reads"),
        (&format!("{forwarder}/4/Resource/2"), secret("*/platform*"), "WebsandForwarderRole: a pattern that"),
    ] {
        let mut template = sound.clone();
        set(&mut template, place, value);
        let found = faults(&template);
        assert!(found.iter().any(|fault| fault.contains(expected)), "{place}: {found:?}");
    }
}

fn translated() -> Value {
    let mut command = Command::new(repository().join(".venv/bin/python3"));
    command.arg(repository().join("tests/emulator/translate.py")).arg(repository().join("infra/template.yaml"));
    let output = command.env("AWS_DEFAULT_REGION", "eu-west-1").output().expect("tests/run has made .venv");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The ARN of these secrets, as the template writes it.
fn secret(name: &str) -> Value {
    let place = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${SecretPrefix}";
    json!({"Fn::Sub": format!("{place}{name}")})
}

fn set(template: &mut Value, place: &str, value: Value) {
    let (parent, name) = place.rsplit_once('/').unwrap();
    match template.pointer_mut(parent).unwrap_or_else(|| panic!("the template has {parent}")) {
        Value::Array(list) => list[name.parse::<usize>().unwrap()] = value,
        parent => parent[name] = value,
    }
}

fn faults(template: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let names = |part: &str| template[part].as_object().into_iter().flat_map(Map::keys).cloned();
    let known: BTreeSet<_> = names("Resources").chain(names("Parameters")).collect();
    let mut used = BTreeSet::new();
    references(template, &mut used);
    let unknown = used.iter().filter(|name| !known.contains(*name) && !name.starts_with("AWS::"));
    faults.extend(unknown.map(|name| format!("{name} is not in the template")));
    for (name, resource) in template["Resources"].as_object().unwrap() {
        let properties = &resource["Properties"];
        let broken = match resource["Type"].as_str().unwrap() {
            "AWS::Lambda::EventSourceMapping" => mapping(template, name, properties),
            "AWS::Lambda::Function" if !properties["ReservedConcurrentExecutions"].is_null() => {
                vec![format!("{name}: throttling counts as receiving")]
            }
            "AWS::DynamoDB::Table" if properties["TimeToLiveSpecification"]["Enabled"] != true => {
                vec![format!("{name}: rows never expire")]
            }
            "AWS::Scheduler::Schedule" if properties["ScheduleExpression"] != "rate(1 minute)" => {
                vec![format!("{name}: not a rate that Scheduler takes")]
            }
            "AWS::IAM::Role" => [policies(name, properties), secrets(name, properties)].concat(),
            _ => Vec::new(),
        };
        faults.extend(broken);
    }
    faults
}

/// A queue and the function it feeds.
fn mapping(template: &Value, name: &str, properties: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut rule = |kept: bool, fault: String| {
        if !kept {
            faults.push(fault);
        }
    };
    let failures = &properties["FunctionResponseTypes"];
    rule(*failures == json!(["ReportBatchItemFailures"]), format!("{name}: a failure would repeat the whole batch"));
    let unhurried = properties["MaximumBatchingWindowInSeconds"].is_null();
    rule(properties["BatchSize"].as_u64() <= Some(10) || !unhurried, format!("{name}: larger batches need a window"));
    let queue_name = properties["EventSourceArn"]["Fn::GetAtt"][0].as_str().unwrap_or_default();
    let function_name = properties["FunctionName"]["Ref"].as_str().unwrap_or_default();
    let queue = &template["Resources"][queue_name]["Properties"];
    let timeout = template["Resources"][function_name]["Properties"]["Timeout"].as_u64().unwrap_or_default();
    let visibility = queue["VisibilityTimeout"].as_u64().unwrap_or_default();
    rule(visibility >= 6 * timeout, format!("{queue_name}: visible again too early"));
    let receives = queue["RedrivePolicy"]["maxReceiveCount"].as_u64();
    rule(receives == Some(1000), format!("{queue_name}: parks before the worker does"));
    faults
}

/// What a role may reach: never everything, and of secrets also the bare name, which tells a missing one from a forbidden.
fn policies(name: &str, properties: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for policy in properties["Policies"].as_array().into_iter().flatten() {
        for statement in policy["PolicyDocument"]["Statement"].as_array().into_iter().flatten() {
            let resource = &statement["Resource"];
            if *resource == "*" {
                faults.push(format!("{name}: reaches everything"));
            }
            let list = resource.as_array().map_or(&[][..], Vec::as_slice);
            let texts: BTreeSet<_> = list.iter().filter_map(|one| one["Fn::Sub"].as_str()).collect();
            let bare = texts.iter().filter_map(|text| text.strip_suffix("-??????"));
            let forgotten = bare.filter(|bare| !texts.contains(bare));
            faults
                .extend(forgotten.map(|bare| format!("{name}: a missing secret would be denied, not missing: {bare}")));
        }
    }
    faults
}

/// The secrets that each function's role can read, and no other role any.
const SECRETS: [(&str, &[&str]); 8] = [
    ("OrderPlacedRole", &["*/webhook"]),
    ("OrderUpdatedRole", &["*/webhook"]),
    ("CustomerUpdatedRole", &["*/webhook", "_installation"]),
    ("PromotionScheduledRole", &["*/webhook", "*/websale"]),
    ("PromotionCancelledRole", &["*/webhook"]),
    ("WebsandForwarderRole", &["*/platform", "*/websand", "_installation"]),
    ("WebsaleForwarderRole", &["*/websale", "_installation"]),
    ("PushStatusPollerRole", &["*/websale"]),
];

/// Nothing more and nothing less than its secrets, each as its bare name and with the six characters AWS appends.
fn secrets(name: &str, properties: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let (mut read, mut texts) = (BTreeSet::new(), Vec::new());
    strings(&properties["Policies"], &mut texts);
    for secret in texts.iter().filter_map(|text| text.split_once(":secret:${SecretPrefix}").map(|(_, secret)| secret)) {
        let bare = secret.strip_suffix("-??????").unwrap_or(secret);
        if bare.ends_with(['*', '?']) {
            faults.push(format!("{name}: a pattern that reaches further secrets: {secret}"));
        }
        read.insert(bare);
    }
    let expected = SECRETS.iter().find(|(role, _)| *role == name).map_or(&[][..], |(_, secrets)| secrets);
    if !read.iter().eq(expected) {
        let read: Vec<_> = read.into_iter().collect();
        faults.push(format!("{name}: reads {}, not {}", read.join(", "), expected.join(", ")));
    }
    faults
}

/// All texts in a value.
fn strings<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(list) => list.iter().for_each(|value| strings(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| strings(value, found)),
        _ => {}
    }
}

/// The names in all `Ref`, `Fn::GetAtt` and `Fn::Sub`.
fn references(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| references(value, names)),
        Value::Object(fields) => {
            for (key, value) in fields {
                match (key.as_str(), value) {
                    ("Ref", Value::String(name)) => drop(names.insert(name.clone())),
                    ("Fn::GetAtt", Value::Array(path)) => names.extend(path[0].as_str().map(str::to_owned)),
                    ("Fn::Sub", Value::String(text)) => {
                        let inside = text.split("${").skip(1).filter_map(|rest| rest.split(['}', '.']).next());
                        names.extend(inside.map(str::to_owned));
                    }
                    _ => references(value, names),
                }
            }
        }
        _ => {}
    }
}
