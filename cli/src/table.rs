//! Tables for people: a heading, aligned columns, nothing that a terminal would obey.

use std::fmt;

/// Rows under a heading. Every cell is one line.
pub(crate) struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

/// Stands for a cell without a value.
const NOTHING: &str = "-";

impl Table {
    /// A table without rows.
    pub(crate) fn new(head: &[&'static str]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    /// Adds a row. An empty cell is shown as `-`.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells = cells.into_iter().map(|cell| if cell.is_empty() { NOTHING.to_owned() } else { visible(&cell) });
        self.rows.push(cells.collect());
    }
}

/// The text without control characters: ids come from shops, and a terminal would obey an escape sequence in one.
pub(crate) fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width_of = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.chain(self.head.get(column).map(|name| name.len())).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width_of).collect();
        let mut line = |cells: &mut dyn Iterator<Item = &str>| {
            let padded: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            writeln!(f, "{}", padded.join("  ").trim_end())
        };
        line(&mut self.head.iter().copied())?;
        for row in &self.rows {
            line(&mut row.iter().map(String::as_str))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_empty_cells_are_seen() {
        let mut table = Table::new(&["SHOP", "STATE"]);
        table.row(["größe".to_owned(), String::new()]);
        table.row(["a".to_owned(), "open".to_owned()]);
        assert_eq!(table.to_string(), "SHOP   STATE\ngröße  -\na      open\n");
    }

    #[test]
    fn a_cell_cannot_steer_the_terminal() {
        let mut table = Table::new(&["ID"]);
        table.row(["1\u{1b}[2J\n2".to_owned()]);
        assert_eq!(table.to_string(), "ID\n1\u{fffd}[2J\u{fffd}2\n");
    }
}
