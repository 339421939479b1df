//! What Criterion measured of the pure parts, by `cargo bench -p relay-bench`.

use std::{fmt::Write, fs, path::Path};

use serde::Deserialize;

use super::Failure;

#[derive(Deserialize)]
struct Estimates {
    median: Median,
}

/// In nanoseconds.
#[derive(Deserialize)]
struct Median {
    point_estimate: f64,
}

/// A table of all medians in Criterion's folder: a line each platform, and one each other benchmark.
pub(super) fn table(folder: &Path) -> Result<String, Failure> {
    let mut medians = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(text) = fs::read_to_string(entry.path().join("new/estimates.json")) else { continue };
        let Estimates { median } = serde_json::from_str(&text)?;
        medians.push((entry.file_name().to_string_lossy().into_owned(), median.point_estimate / 1000.0));
    }
    if medians.is_empty() {
        return Err(format!("{} holds no estimates: cargo bench -p relay-bench", folder.display()).into());
    }
    medians.sort_by(|(left, _), (right, _)| left.cmp(right));
    let mut table = "| | µs |\n|---|---|\n".to_owned();
    for (name, median) in medians {
        // Writing to a String cannot fail.
        let _ = writeln!(table, "| {name} | {median:.2} |");
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_read_in_the_order_of_their_names_and_none_at_all_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let none = table(folder.path()).unwrap_err().to_string();
        assert!(none.contains("cargo bench"), "{none}");
        for (name, median) in [("verify shopify", 8123.4), ("decide", 12.0)] {
            let new = folder.path().join(name).join("new");
            fs::create_dir_all(&new).unwrap();
            let estimates = format!(r#"{{"mean": {{"point_estimate": 1}}, "median": {{"point_estimate": {median}}}}}"#);
            fs::write(new.join("estimates.json"), estimates).unwrap();
        }
        assert_eq!(
            table(folder.path()).unwrap(),
            "| | µs |\n|---|---|\n| decide | 0.01 |\n| verify shopify | 8.12 |\n"
        );
    }
}
