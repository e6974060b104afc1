//! Columns as Consul prints them: as wide as their widest cell, two spaces apart, the last one not filled up.

/// Renders rows; a line each, without a line's end behind the last.
pub(super) fn render(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let last = row.len().saturating_sub(1);
        let cells = row.iter().zip(&widths).enumerate();
        let cells: Vec<String> = cells
            .map(
                |(column, (cell, width))| {
                    if column == last { cell.clone() } else { format!("{cell:<width$}") }
                },
            )
            .collect();
        cells.join("  ")
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A row of cells.
pub(super) fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).into()
}

/// `a=1,b=2`, sorted, with `between` between the pairs.
pub(super) fn pairs(map: Option<&serde_json::Value>, between: &str) -> String {
    let map = map.and_then(serde_json::Value::as_object);
    let mut pairs: Vec<String> = map
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect();
    pairs.sort();
    pairs.join(between)
}

#[cfg(test)]
mod tests {
    use super::{render, row};

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [row(["Node", "ID", "DC"]), row(["n", "long-id", "dc1"])];
        assert_eq!(render(&rows), "Node  ID       DC\nn     long-id  dc1");
        assert_eq!(render(&[]), "");
    }
}
