//! kill -9 during rollouts: whenever it comes, each submission has one settled outcome, on the target and in the ledger
//! (I3, I6, I7).
//!
//! Three operations that differ in what may be repeated and taken back; half of the rollouts fail and go back. A kill is
//! aimed at the place in the run that was hit least so far, and falls there at once, some time later, or while the
//! database is being written. Where in the journal it fell is read from what is left: the rows of the newest commit. An
//! outcome and the intent after it are one commit, so there is no moment between the two.
//!
//! `cargo xtask crash --runs N` does the same more often; `CRASH_KILLS` and `CRASH_SEED` say how often and which.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // tests

#[path = "crash/aim.rs"]
mod aim;
#[path = "crash/company.rs"]
mod company;
#[path = "crash/judge.rs"]
mod judge;
#[path = "crash/look.rs"]
mod look;
#[path = "crash/shape.rs"]
mod shape;

use std::{collections::BTreeMap, time::Duration};

use aim::{Dice, Moment, aim, reach};
use anyhow::{Context as _, Result, bail, ensure};
use company::Company;
use judge::{Lanes, Submitted};
use look::Look;
use shape::{Place, SHAPES};

/// How many kills one submission takes at most before it is left alone.
const EACH: u64 = 6;
/// From so many kills on, every row of the journal has to be hit.
const ALL: u64 = 200;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect(name))
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_point_each_submission_has_one_settled_outcome() -> Result<()> {
    let few = if std::env::var_os("EXQ_QUICK").is_some() { 5 } else { 15 };
    let (kills, seed) = (number("CRASH_KILLS", few), number("CRASH_SEED", 1));
    println!("{kills} kills, seed {seed}");
    let mut company = Company::found().await?;
    match play(&mut company, kills, seed).await {
        Ok(done) => {
            company.close().await?;
            println!("kills: {done}, all well");
            Ok(())
        }
        Err(error) => bail!("{error:#}\nCRASH_SEED={seed}; the end of its log:\n{}", company.abandon()),
    }
}

async fn play(company: &mut Company, kills: u64, seed: u64) -> Result<u64> {
    let (mut tally, mut lanes, mut submitted) = (Tally::default(), Lanes::default(), Vec::new());
    // There has to be something to go back to.
    for shape in &SHAPES {
        submitted.push(judge::submit(company, shape, 0, None).await?);
    }
    for one in &mut submitted {
        lanes.settled(company, one).await?;
    }
    while tally.done < kills {
        let round = submitted.len() as u64 - SHAPES.len() as u64;
        let mut dice = Dice::new(seed * 1_000_003 + round);
        let shape = &SHAPES[usize::try_from(round)? % SHAPES.len()];
        let fails = match round / SHAPES.len() as u64 % 4 {
            0 => Some(shape.acts.len() - 1),
            // What switches fails half-way.
            2 => Some(if dice.below(3) == 0 { 0 } else { shape.acts.len() - 1 }),
            _ => None,
        };
        let mut one = judge::submit(company, shape, round + 1, fails).await?;
        kill(company, &mut one, &mut dice, &mut tally, kills).await?;
        lanes.settled(company, &mut one).await.with_context(|| format!("after kill {}", tally.done))?;
        submitted.push(one);
    }
    tally.print(submitted.len());
    judge::agree(company, &submitted).await?;
    tally.judge(kills)?;
    Ok(tally.done)
}

/// Kills the server during one rollout, once or several times.
async fn kill(
    company: &mut Company,
    one: &mut Submitted,
    dice: &mut Dice,
    tally: &mut Tally,
    kills: u64,
) -> Result<()> {
    let path = one.shape.path(one.fails);
    let mut from = 0;
    for nth in 0..(1 + dice.below(EACH)).min(kills - tally.done) {
        match dice.below(25) {
            // Before it is granted, or while it is taken up again.
            0 => {
                tokio::time::sleep(Duration::from_millis(dice.below(if nth == 0 { 150 } else { 600 }))).await
            }
            _ => {
                let over = (tally.done - tally.inside) * 7 < tally.done;
                let when = (over, tally.done * 2 > ALL);
                let place = aim(dice, one.shape, &path, from, &tally.rows, when);
                reach(company, &one.change, &path, place, Moment::cast(dice, one.shape, place)).await?;
            }
        }
        company.kill()?;
        let marks = company.marks(one.shape.project);
        let look = Look::at(&company.data()).await?;
        let point = look.point(one.shape, &one.change.revision).await?;
        tally.count(&point, marks.how_far(one, point.at));
        if tally.done % 10 == 1 {
            look.sound().await.with_context(|| format!("after kill {}", tally.done))?;
        }
        look.store.close().await;
        company.spawn()?;
        one.killed_at(&point);
        match point.at {
            Some(at) if point.inside => from = path.iter().position(|place| *place == at).unwrap_or(from),
            Some(Place::Over) => break,
            _ => {}
        }
        // What must not be repeated and was under way ends the run.
        if one.lost {
            break;
        }
    }
    Ok(())
}

/// Where the kills fell.
#[derive(Default)]
struct Tally {
    done: u64,
    inside: u64,
    back: u64,
    /// By point: how often, and how far the act was that was under way: not begun, under way, done.
    points: BTreeMap<String, (u64, [u64; 3])>,
    /// By project and row of the journal.
    rows: BTreeMap<String, u64>,
}

impl Tally {
    fn count(&mut self, point: &look::Point, acted: Option<usize>) {
        self.done += 1;
        self.inside += u64::from(point.inside);
        self.back += u64::from(point.back);
        let (count, how_far) = self.points.entry(point.name.clone()).or_default();
        *count += 1;
        if let Some(acted) = acted.filter(|_| point.inside) {
            how_far[acted] += 1;
        }
        let project = point.name.split(':').next().unwrap_or_default();
        for row in &point.rows {
            *self.rows.entry(format!("{project}: {}", row.trim_end_matches(", again"))).or_default() += 1;
        }
    }

    /// Every row, hit or not.
    fn every_row(&self) -> Vec<(String, u64)> {
        let mut all = Vec::new();
        for shape in &SHAPES {
            for row in look::rows(shape) {
                let row = format!("{}: {row}", shape.project);
                let count = self.rows.get(&row).copied().unwrap_or_default();
                all.push((row, count));
            }
        }
        all
    }

    fn print(&self, submissions: usize) {
        println!(
            "{} kills in {submissions} submissions; the newest commit of the journal, and how far",
            self.done
        );
        println!("what was under way had come (not begun, under way, done) where that can be seen:");
        for (point, (count, [before, within, after])) in &self.points {
            let how_far = match before + within + after {
                0 => String::new(),
                _ => format!("  ({before}, {within}, {after})"),
            };
            println!("{count:>6}  {point}{how_far}");
        }
        println!("kills right after each row of the journal:");
        for (row, count) in self.every_row() {
            println!("{count:>6}  {row}");
        }
        println!(
            "{} of {} between the first row of the journal and settled, {} of them while something was taken back",
            self.inside, self.done, self.back
        );
    }

    fn judge(&self, kills: u64) -> Result<()> {
        ensure!(
            self.inside * 5 >= self.done * 4,
            "only {} of {} kills fell into a run: nothing was tested",
            self.inside,
            self.done
        );
        ensure!(kills < 15 || self.back > 0, "no kill fell while something was taken back");
        let never: Vec<String> =
            self.every_row().into_iter().filter(|(_, count)| *count == 0).map(|(row, _)| row).collect();
        ensure!(kills < ALL || never.is_empty(), "no kill fell right after: {}", never.join("; "));
        Ok(())
    }
}
