//! Medians of rounds, each beside that of the row that it is compared with.

/// What was measured of a row.
pub(crate) struct Figures {
    pub(crate) name: &'static str,
    /// Which row it is compared with.
    pub(crate) beside: usize,
    /// Microseconds a request, one for each round.
    pub(crate) rounds: Vec<f64>,
}

impl Figures {
    pub(crate) fn new(name: &'static str, beside: usize) -> Self {
        Self { name, beside, rounds: Vec::new() }
    }

    fn median(&self) -> f64 {
        let mut rounds = self.rounds.clone();
        rounds.sort_by(f64::total_cmp);
        rounds[rounds.len() / 2]
    }
}

/// Prints all rows; `unit` says what was measured, `reference` what it is compared with.
pub(crate) fn print(unit: &str, reference: &str, rows: &[&Figures]) {
    println!("| row | {unit} | x {reference} | us more than {reference} |");
    println!("| --- | --- | --- | --- |");
    for row in rows {
        let (own, other) = (row.median(), rows[row.beside].median());
        println!("| {} | {own:.2} | {:.2} | {:.2} |", row.name, own / other, own - other);
    }
}
