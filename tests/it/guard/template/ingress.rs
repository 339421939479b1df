//! The ways in.

use relay_tests::template::Template;
use serde_json::{Value, json};

use super::{Faults, target};

const WEBHOOKS: [(&str, &str); 5] = [
    ("OrderPlaced", "order-placed"),
    ("OrderUpdated", "order-updated"),
    ("CustomerUpdated", "customer-updated"),
    ("PromotionScheduled", "promotion-scheduled"),
    ("PromotionCancelled", "promotion-cancelled"),
];

/// What access logs may tell: nothing that a shop or a person sent.
const LOGGED: [&str; 8] = [
    "requestTime",
    "requestId",
    "routeKey",
    "status",
    "responseLatency",
    "responseLength",
    "integrationStatus",
    "integrationErrorMessage",
];

pub(super) fn faults(template: &Template) -> Vec<String> {
    let mut faults = Faults::default();
    let through_api = template.parameter("Ingress") == "HttpApi";
    for (function, endpoint) in WEBHOOKS {
        if through_api {
            faults.unless(routed(template, function, endpoint), || format!("{function}: no route leads to it"));
        } else {
            faults.unless(addressed(template, function), || format!("{function}: no address of its own leads to it"));
        }
    }
    for (name, stage) in template.of("AWS::ApiGatewayV2::Stage") {
        let limits = &stage["DefaultRouteSettings"];
        faults.unless(!limits["ThrottlingRateLimit"].is_null() && !limits["ThrottlingBurstLimit"].is_null(), || {
            format!("{name}: not throttled")
        });
        let format = stage["AccessLogSettings"]["Format"].as_str().unwrap_or_default();
        faults.unless(serde_json::from_str::<Value>(format).is_ok(), || format!("{name}: logs no JSON"));
        let variables = format.split("$context.").skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
        for variable in variables.filter(|variable| !LOGGED.contains(variable)) {
            faults.0.push(format!("{name}: logs {variable}"));
        }
    }
    let open = template.of("AWS::Lambda::Permission").filter(|(_, permission)| permission["Principal"] == "*");
    for (name, permission) in open {
        let only_through_url =
            permission["FunctionUrlAuthType"] == "NONE" || permission["InvokedViaFunctionUrl"] == true;
        faults.unless(!through_api && only_through_url, || format!("{name}: open to all"));
    }
    faults.0
}

/// Route, integration, and the right to invoke: for this API and this path only.
fn routed(template: &Template, function: &str, endpoint: &str) -> bool {
    let integration = template.of("AWS::ApiGatewayV2::Integration").find(|(_, integration)| {
        target(&integration["IntegrationUri"]) == Some(function) && integration["PayloadFormatVersion"] == "2.0"
    });
    let Some((integration, _)) = integration else { return false };
    let leads = format!("integrations/${{{integration}}}");
    let route = template.of("AWS::ApiGatewayV2::Route").any(|(_, route)| {
        route["RouteKey"] == format!("ANY /webhooks/{{shop}}/{endpoint}") && route["Target"]["Fn::Sub"] == *leads
    });
    let suffix = format!(":${{Api}}/*/*/webhooks/*/{endpoint}");
    route
        && template.of("AWS::Lambda::Permission").any(|(_, permission)| {
            permission["FunctionName"] == json!({"Ref": function})
                && permission["SourceArn"]["Fn::Sub"].as_str().is_some_and(|arn| arn.ends_with(&suffix))
        })
}

/// An address, and both rights that AWS asks for.
fn addressed(template: &Template, function: &str) -> bool {
    let address = template.of("AWS::Lambda::Url").any(|(_, url)| target(&url["TargetFunctionArn"]) == Some(function));
    let may = |action: &str, only: &str, value: Value| {
        template.of("AWS::Lambda::Permission").any(|(_, permission)| {
            permission["FunctionName"] == json!({"Ref": function})
                && permission["Action"] == action
                && permission[only] == value
        })
    };
    address
        && may("lambda:InvokeFunctionUrl", "FunctionUrlAuthType", json!("NONE"))
        && may("lambda:InvokeFunction", "InvokedViaFunctionUrl", json!(true))
}
