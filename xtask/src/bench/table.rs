//! The table in `docs/BENCHMARKS.md`, between two markers.

use anyhow::bail;

const BEGIN: &str = "<!-- figures: written by `cargo xtask bench` -->";
const END: &str = "<!-- end of figures -->";

/// The page with this row in place of the bench's former one, or below the others. Every other row stays.
pub(super) fn with(page: &str, bench: &str, row: &str) -> anyhow::Result<String> {
    let Some((before, rest)) = page.split_once(BEGIN) else {
        bail!("docs/BENCHMARKS.md has no line `{BEGIN}`")
    };
    let Some((table, after)) = rest.split_once(END) else { bail!("docs/BENCHMARKS.md has no line `{END}`") };
    let key = format!("| {} |", bench.replace(['|', '\n', '\r'], " "));
    let mut rows: Vec<&str> = table.lines().filter(|line| !line.is_empty()).collect();
    match rows.iter_mut().find(|line| line.starts_with(&key)) {
        Some(old) => *old = row,
        None => rows.push(row),
    }
    Ok(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", rows.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(rows: &str) -> String {
        format!("# Text\n\n{BEGIN}\n\n| bench | ours |\n|---|---|\n{rows}\n{END}\nmore\n")
    }

    #[test]
    fn a_new_row_goes_below_and_an_old_one_is_replaced() {
        let one = with(&page(""), "a", "| a | 1 |").unwrap();
        let two = with(&one, "a b", "| a b | 2 |").unwrap();
        let three = with(&two, "a", "| a | 3 |").unwrap();
        assert_eq!(three, page("| a | 3 |\n| a b | 2 |\n"));
    }

    #[test]
    fn a_page_without_markers_is_left_alone() {
        assert!(with("# Text", "a", "| a |").is_err());
        assert!(with(BEGIN, "a", "| a |").is_err());
    }
}
