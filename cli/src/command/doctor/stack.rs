//! A stack on AWS.

use crate::{finding::Finding, installation::Aws};

/// What the template made and what an account may have lost since.
pub(super) async fn check(aws: &Aws) -> Vec<Finding> {
    let mut findings = vec![match aws.table_state().await {
        Ok(state) if state.is_ready() => Finding::ok("ledger table", format!("{} with its index", state.name)),
        Ok(state) => Finding::fail(
            "ledger table",
            format!("{} is {}, its index {}", state.name, state.status, state.index.as_deref().unwrap_or("missing")),
            "deploy the stack again",
        ),
        Err(error) => {
            Finding::fail("ledger table", error.to_string(), "check --stack, the region and your permissions")
        }
    }];
    findings.extend(match aws.queue_faults().await {
        Ok(faults) if faults.is_empty() => vec![Finding::ok("queue settings", "as deployed")],
        Ok(faults) => vec![Finding::fail("queue settings", faults.join("; "), "deploy the stack again")],
        Err(error) => {
            vec![Finding::fail("queue settings", error.to_string(), "check --stack, the region and your permissions")]
        }
    });
    findings.push(match aws.missing_log_groups().await {
        Ok(missing) if missing.is_empty() => Finding::ok("logs", "of all five webhook functions"),
        Ok(missing) => Finding::warn("logs", format!("missing: {}", missing.join(", ")), "deploy the stack again"),
        Err(error) => {
            Finding::warn("logs", error.to_string(), "`received` needs logs:FilterLogEvents and logs:DescribeLogGroups")
        }
    });
    findings
}
