//! Bringing a stack up, and what the emulator does not make of the template as AWS does.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{FUNCTIONS, logical};
use crate::{
    aws::{Aws, Query, REGION, Refused, tag},
    package,
    sandbox::Sandbox,
    template::source,
    wait::until,
};

const BUCKET: &str = "packages";
const TEMPLATE: &str = "packages/template.yaml";

static UPLOADED: OnceCell<Result<(), String>> = OnceCell::const_new();

/// Deploys the template with these parameters, and gives the stack's outputs.
pub(super) async fn deploy(
    aws: &Aws,
    name: &str,
    parameters: &[(&str, &str)],
) -> Result<BTreeMap<String, String>, String> {
    UPLOADED.get_or_init(|| upload(aws)).await.clone()?;
    // In the request itself the template would be too large. The emulator looks only at the path.
    let template = format!("https://s3.amazonaws.com/{TEMPLATE}");
    let mut input = vec![("StackName".to_owned(), name.to_owned()), ("TemplateURL".to_owned(), template)];
    for (number, (name, value)) in (1..).zip([parameters, &[("ArtifactBucket", BUCKET)]].concat()) {
        let member = format!("Parameters.member.{number}.Parameter");
        input.extend([(format!("{member}Key"), name.to_owned()), (format!("{member}Value"), value.to_owned())]);
    }
    input.push(("Capabilities.member.1".to_owned(), "CAPABILITY_IAM".to_owned()));
    input.push(("Capabilities.member.2".to_owned(), "CAPABILITY_AUTO_EXPAND".to_owned()));
    let input: Vec<_> = input.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    aws.query(Query::CloudFormation, "CreateStack", &input).await.map_err(failed)?;
    let outputs = complete(aws, name).await?;
    correct_concurrency(aws).await?;
    for function in FUNCTIONS {
        correct_batches(aws, name, &logical(function)).await?;
    }
    Ok(outputs)
}

/// The name that the resource with this logical name got.
pub(super) async fn physical(aws: &Aws, stack: &str, logical: &str) -> Result<String, String> {
    let input = [("StackName", stack), ("LogicalResourceId", logical)];
    let answer = aws.query(Query::CloudFormation, "DescribeStackResource", &input).await.map_err(failed)?;
    tag(&answer, "PhysicalResourceId").map(str::to_owned).ok_or_else(|| format!("{logical} has no name: {answer}"))
}

async fn upload(aws: &Aws) -> Result<(), String> {
    let configuration = format!(
        "<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
    );
    aws.call("s3", "PUT", &format!("/{BUCKET}"), &[], configuration.into_bytes()).await.map_err(failed)?;
    let packing = FUNCTIONS.map(|name| tokio::task::spawn_blocking(move || (name, package::function(name))));
    for package in packing {
        let (name, zip) = package.await.map_err(|error| error.to_string())?;
        aws.call("s3", "PUT", &format!("/{BUCKET}/{name}.zip"), &[], zip).await.map_err(failed)?;
    }
    aws.call("s3", "PUT", &format!("/{TEMPLATE}"), &[], without_expressions(&source()).into_bytes())
        .await
        .map_err(failed)?;
    Ok(())
}

/// The emulator refuses alarms on an expression. Everything else it is given as it is.
fn without_expressions(template: &str) -> String {
    let is_resource = |line: &str| line.starts_with("  ") && !line.starts_with("   ");
    let lines: Vec<_> = template.split_inclusive('\n').collect();
    let blocks = lines.chunk_by(|_, next| !is_resource(next)).map(<[_]>::concat);
    blocks.filter(|block| !block.contains("\n      Metrics:\n")).collect()
}

/// Waits until the stack is complete and gives its outputs.
async fn complete(aws: &Aws, name: &str) -> Result<BTreeMap<String, String>, String> {
    let input = [("StackName", name)];
    let answer = until("the stack is complete", async || {
        let answer = aws.query(Query::CloudFormation, "DescribeStacks", &input).await.ok()?;
        tag(&answer, "StackStatus").filter(|status| !status.ends_with("IN_PROGRESS"))?;
        Some(answer)
    });
    let answer = answer.await;
    if tag(&answer, "StackStatus") != Some("CREATE_COMPLETE") {
        let events = aws.query(Query::CloudFormation, "DescribeStackEvents", &input).await;
        return Err(format!("{answer}\n{events:?}"));
    }
    let outputs = answer.split("<OutputKey>").skip(1).filter_map(|output| {
        let (name, _) = output.split_once("</OutputKey>")?;
        Some((name.to_owned(), tag(output, "OutputValue")?.to_owned()))
    });
    Ok(outputs.collect())
}

/// The template lets status callbacks go to public addresses only, and the sandbox has none.
pub(super) async fn allow_callbacks(aws: &Aws, stack: &str, sandbox: &Sandbox) -> Result<(), String> {
    let path = format!("/2015-03-31/functions/{stack}-push-status-poller/configuration");
    let found = aws.call("lambda", "GET", &path, &[], Vec::new()).await.map_err(failed)?;
    let found: Value = serde_json::from_slice(&found).map_err(|error| error.to_string())?;
    let mut environment = found["Environment"].clone();
    environment["Variables"]["SHOPRELAY_CALLBACK_ALLOW"] = json!(sandbox.url.trim_start_matches("http://"));
    let input = json!({"Environment": environment});
    aws.call("lambda", "PUT", &path, &[], input.to_string().into_bytes()).await.map_err(failed)?;
    Ok(())
}

/// The emulator keeps a number that came from a parameter as text, which its pollers then cannot compare. AWS makes it a
/// number.
async fn correct_concurrency(aws: &Aws) -> Result<(), String> {
    const MAPPINGS: &str = "/2015-03-31/event-source-mappings";
    let list = aws.call("lambda", "GET", MAPPINGS, &[], Vec::new()).await.map_err(failed)?;
    let list: Value = serde_json::from_slice(&list).map_err(|error| error.to_string())?;
    for mapping in list["EventSourceMappings"].as_array().into_iter().flatten() {
        let Some(text) = mapping["ScalingConfig"]["MaximumConcurrency"].as_str() else { continue };
        let number: u32 = text.parse().map_err(|_| format!("not a number: {mapping}"))?;
        let path = format!("{MAPPINGS}/{}", mapping["UUID"].as_str().unwrap_or_default());
        let input = json!({"ScalingConfig": {"MaximumConcurrency": number}});
        aws.call("lambda", "PUT", &path, &[], input.to_string().into_bytes()).await.map_err(failed)?;
    }
    Ok(())
}

/// The emulator wants a batch of an action to be allowed by a name of its own. On AWS the action's permission is enough.
async fn correct_batches(aws: &Aws, stack: &str, function: &str) -> Result<(), String> {
    let (role, policy) = (physical(aws, stack, &format!("{function}Role")).await?, format!("{function}RolePolicy0"));
    let name = [("RoleName", role.as_str()), ("PolicyName", &policy)];
    let found = aws.query(Query::Iam, "GetRolePolicy", &name).await.map_err(failed)?;
    let encoded = tag(&found, "PolicyDocument").unwrap_or_default();
    let decoded: String = url::form_urlencoded::parse(encoded.as_bytes()).map(|(text, _)| text.into_owned()).collect();
    let mut document: Value = serde_json::from_str(&decoded).map_err(|error| format!("{error}: {found}"))?;
    for statement in document["Statement"].as_array_mut().into_iter().flatten() {
        let actions = &statement["Action"];
        let mut actions = actions.as_array().cloned().unwrap_or_else(|| vec![actions.clone()]);
        for action in ["sqs:SendMessage", "sqs:ChangeMessageVisibility"] {
            if actions.contains(&json!(action)) {
                actions.push(json!(format!("{action}Batch")));
            }
        }
        statement["Action"] = actions.into();
    }
    let document = document.to_string();
    let input = [name[0], name[1], ("PolicyDocument", &document)];
    aws.query(Query::Iam, "PutRolePolicy", &input).await.map_err(failed)?;
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
fn failed(refused: Refused) -> String {
    format!("{refused:?}")
}
