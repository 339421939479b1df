//! What each function may cost: a table in the repository, checked, and raised or lowered only on purpose.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{Failure, callgrind, chain::Chain, function::Function, symbols};

/// How much more than its budget something may cost, in percent: batches are settled in varying order.
const MARGIN: u64 = 3;
/// How often something is counted before it is too much: whether calls side by side share a connection is up to chance,
/// and a TLS handshake is a tenth of a cold start. The table holds the most of as many counts.
const COUNTS: usize = 3;
const HEAD: &str = "\
# What each function may cost, checked by .ci/run: instructions from the start of the process to the end of its first
# invocation (cold), instructions of each further one (warm), bytes of its package (zip).
# `cargo run -p relay-bench -- budgets update` writes this table; commit it only if what has grown was to grow.
";

/// What one function costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Costs {
    pub(crate) cold: u64,
    pub(crate) warm: u64,
    pub(crate) zip: u64,
}

impl Costs {
    /// Picks of each figure of the two.
    fn each(self, other: Self, pick: fn(u64, u64) -> u64) -> Self {
        Self { cold: pick(self.cold, other.cold), warm: pick(self.warm, other.warm), zip: pick(self.zip, other.zip) }
    }
}

type Table = BTreeMap<String, Costs>;

/// The table's file.
pub(crate) fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("budgets.toml")
}

/// Measures all functions of this folder of packages and fails if one costs more than it may, each time.
pub(crate) async fn check(chain: &Chain, folder: &Path) -> Result<(), Failure> {
    let budgets: Table = toml::from_str(&fs::read_to_string(file())?)?;
    let mut all = Vec::new();
    for function in Function::ALL {
        let mut costs = measure(chain, folder, function).await?;
        for _ in 1..COUNTS {
            if faults(&budgets, function.name, costs).is_empty() {
                break;
            }
            costs = costs.each(measure(chain, folder, function).await?, u64::min);
        }
        println!("{}", line(function.name, costs));
        all.extend(faults(&budgets, function.name, costs));
    }
    if all.is_empty() { Ok(()) } else { Err(all.join("\n").into()) }
}

/// Measures all functions and writes the table anew.
pub(crate) async fn update(chain: &Chain, folder: &Path) -> Result<(), Failure> {
    let mut found = Table::new();
    for function in Function::ALL {
        let mut costs = measure(chain, folder, function).await?;
        for _ in 1..COUNTS {
            costs = costs.each(measure(chain, folder, function).await?, u64::max);
        }
        println!("{}", line(function.name, costs));
        found.insert(function.name.to_owned(), costs);
    }
    fs::write(file(), format!("{HEAD}\n{}", toml::to_string(&found)?))?;
    Ok(())
}

/// What a function of this folder costs.
async fn measure(chain: &Chain, folder: &Path, function: Function) -> Result<Costs, Failure> {
    let program = folder.join(function.name);
    symbols::check(&program)?;
    let instructions = callgrind::count(chain, function, &program).await?;
    let package = folder.join(format!("{}.zip", function.name));
    let zip = fs::metadata(&package).map_err(|error| format!("{}: {error}", package.display()))?.len();
    Ok(Costs { cold: instructions.cold, warm: instructions.warm, zip })
}

fn line(name: &str, costs: Costs) -> String {
    format!("{name:22} cold {:>12}  warm {:>12}  zip {:>9}", costs.cold, costs.warm, costs.zip)
}

/// Everything of a function that is over its budget, or that it has none.
fn faults(budgets: &Table, name: &str, costs: Costs) -> Vec<String> {
    let Some(budget) = budgets.get(name) else { return vec![format!("{name} has no budget")] };
    let figures =
        [("cold", costs.cold, budget.cold), ("warm", costs.warm, budget.warm), ("zip", costs.zip, budget.zip)];
    let over = figures.into_iter().filter(|(_, cost, allowed)| cost * 100 > allowed * (100 + MARGIN));
    over.map(|(what, cost, allowed)| {
        let more = (cost - allowed) * 1000 / allowed.max(1);
        format!("{name}: {what} costs {cost}, {}.{} % more than {allowed}", more / 10, more % 10)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(costs: Costs) -> Table {
        Table::from([("order-placed".to_owned(), costs)])
    }

    #[test]
    fn three_percent_more_is_taken_and_the_rest_is_named() {
        let budget = table(Costs { cold: 1000, warm: 1000, zip: 1000 });
        let name = "order-placed";
        assert_eq!(faults(&budget, name, Costs { cold: 1030, warm: 10, zip: 1000 }), Vec::<String>::new());
        assert_eq!(
            faults(&budget, name, Costs { cold: 1031, warm: 2000, zip: 1000 }),
            [
                "order-placed: cold costs 1031, 3.1 % more than 1000",
                "order-placed: warm costs 2000, 100.0 % more than 1000",
            ]
        );
        assert_eq!(faults(&Table::new(), name, budget[name]), ["order-placed has no budget"]);
    }

    #[test]
    fn the_table_names_every_function_once() {
        let budgets: Table = toml::from_str(&fs::read_to_string(file()).unwrap()).unwrap();
        let mut names = Function::ALL.map(|function| function.name);
        names.sort_unstable();
        assert_eq!(budgets.keys().collect::<Vec<_>>(), names);
    }
}
