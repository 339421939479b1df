//! What a check found: fine, doubtful or broken, and what to do about it.

use std::process::ExitCode;

use serde::Serialize;

use crate::{command::Outcome, output, table::visible};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    Ok,
    Warn,
    Fail,
}

impl Verdict {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One line of a report.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) check: String,
    pub(crate) verdict: Verdict,
    pub(crate) detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
}

impl Finding {
    /// The check found nothing wrong.
    pub(crate) fn ok(check: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { check: check.into(), verdict: Verdict::Ok, detail: detail.into(), advice: None }
    }

    /// Deliveries go on, but somebody should look.
    pub(crate) fn warn(check: impl Into<String>, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check: check.into(), verdict: Verdict::Warn, detail: detail.into(), advice: Some(advice.into()) }
    }

    /// Deliveries do not go on, or will not.
    pub(crate) fn fail(check: impl Into<String>, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check: check.into(), verdict: Verdict::Fail, detail: detail.into(), advice: Some(advice.into()) }
    }
}

/// Prints the findings; a failed check makes the command fail.
pub(crate) fn report(findings: &[Finding], json: bool) -> Outcome {
    if json {
        output::print_json(&findings)?;
    } else {
        output::print(&text(findings))?;
    }
    let failed = findings.iter().any(|finding| finding.verdict == Verdict::Fail);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn text(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.check.chars().count()).max().unwrap_or(0);
    let line = |finding: &Finding| {
        let line = format!("{:<4}  {:<width$}  {}\n", finding.verdict.name(), finding.check, visible(&finding.detail));
        match &finding.advice {
            Some(advice) => format!("{line}{:6}{:width$}  -> {advice}\n", "", ""),
            None => line,
        }
    };
    findings.iter().map(line).collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_aligned_and_says_what_to_do() {
        let findings = [Finding::ok("disk", "12 GB free"), Finding::fail("secrets", "mode 0644", "chmod 600 it")];
        assert_eq!(
            text(&findings),
            "ok    disk     12 GB free\nfail  secrets  mode 0644\n               -> chmod 600 it\n"
        );
    }
}
