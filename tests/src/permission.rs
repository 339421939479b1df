//! What roles may do, and what was done, in the same words: so that the two can be compared.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{recorder::Call, template::Template};

/// One action on one resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// As policies name it: `sqs:SendMessage`.
    pub action: String,
    /// The resource's logical name (`Ledger`, `Ledger/index/due`) or the secrets' (`secret */webhook`).
    pub resource: String,
}

/// An action on a resource, in short.
pub fn permission(action: &str, resource: &str) -> Permission {
    Permission { action: action.to_owned(), resource: resource.to_owned() }
}

/// Everything that the template allows this role. A managed policy is an action on nothing.
pub fn allowed(template: &Template, role: &str) -> BTreeSet<Permission> {
    let properties = template.properties(role);
    let own = listed(&properties["Policies"]).into_iter().map(|policy| &policy["PolicyDocument"]);
    let attached = template
        .of("AWS::IAM::Policy")
        .filter(|(_, policy)| listed(&policy["Roles"]).contains(&&json!({"Ref": role})))
        .map(|(_, policy)| &policy["PolicyDocument"]);
    let statements = own.chain(attached).flat_map(|document| listed(&document["Statement"]));
    let mut found = BTreeSet::new();
    for statement in statements {
        for action in listed(&statement["Action"]) {
            for resource in listed(&statement["Resource"]) {
                found.insert(permission(action.as_str().unwrap_or_default(), &named(resource)));
            }
        }
    }
    for managed in listed(&properties["ManagedPolicyArns"]) {
        let name = managed.as_str().and_then(|arn| arn.rsplit('/').next());
        found.insert(permission(name.unwrap_or_default(), ""));
    }
    found
}

/// The permission that this call of a function needs, on a stack of this name whose secrets begin with `prefix`.
pub fn needed(template: &Template, call: &Call, stack: &str, prefix: &str) -> Permission {
    let (service, action) = call.target.split_once('.').unwrap_or_default();
    // A batch of one action needs the action's permission.
    let action = action.strip_suffix("Batch").unwrap_or(action);
    let logical = |kind: &'static str, property: &str, name: &str| {
        let of_stack = name.strip_prefix(stack).map(|rest| format!("${{AWS::StackName}}{rest}"));
        let found =
            template.of(kind).find(|(_, resource)| resource[property]["Fn::Sub"].as_str() == of_stack.as_deref());
        found.map_or_else(|| name.to_owned(), |(logical, _)| logical.to_owned())
    };
    match service {
        "AmazonSQS" => {
            let name = call.resource.rsplit('/').next().unwrap_or_default();
            permission(&format!("sqs:{action}"), &logical("AWS::SQS::Queue", "QueueName", name))
        }
        "DynamoDB_20120810" => {
            let (table, index) = call.resource.split_once('/').unwrap_or((&call.resource, ""));
            let table = logical("AWS::DynamoDB::Table", "TableName", table);
            let resource = if index.is_empty() { table } else { format!("{table}/index/{index}") };
            permission(&format!("dynamodb:{action}"), &resource)
        }
        _ => {
            let name = call.resource.strip_prefix(prefix).unwrap_or(&call.resource);
            let pattern = name.split_once('/').map_or_else(|| name.to_owned(), |(_, kind)| format!("*/{kind}"));
            permission(&format!("{service}:{action}"), &format!("secret {pattern}"))
        }
    }
}

/// The resource's name in short.
fn named(resource: &Value) -> String {
    let get = resource["Fn::GetAtt"][0].as_str().or(resource["Ref"].as_str()).or(resource.as_str());
    let text = get.or(resource["Fn::Sub"].as_str()).unwrap_or_default();
    if let Some((_, secret)) = text.split_once(":secret:${SecretPrefix}") {
        return format!("secret {}", secret.strip_suffix("-??????").unwrap_or(secret));
    }
    text.replace("${", "").replace(".Arn}", "")
}

/// A list, which may be written as its only entry.
fn listed(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    }
}
