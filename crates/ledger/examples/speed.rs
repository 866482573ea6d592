//! How long each operation takes in memory, in nanoseconds, as JSON lines.
//!
//! `cargo run --release -p ledger --example speed`

use ledger::{
    Checkpoint, Draft, Error, Frontier, Leaf, LogSigner, Origin, SignedCheckpoint, Time, Tree, leaf_hash,
};
use std::{hint::black_box, time::Instant};

/// The median of five rounds.
fn bench(name: &str, times: u64, mut work: impl FnMut(u64) -> Result<(), Error>) -> Result<(), Error> {
    let mut rounds = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        for turn in 0..times {
            work(turn)?;
        }
        rounds.push(start.elapsed().as_nanos() / u128::from(times));
    }
    rounds.sort_unstable();
    let (low, median, high) = (rounds.first(), rounds.get(2), rounds.last());
    let spread = high.zip(low).map_or(0, |(high, low)| high - low);
    println!(
        r#"{{"bench":"ledger/{name}","ours":{},"spread":{spread},"unit":"ns","n":{times}}}"#,
        median.copied().unwrap_or(0)
    );
    Ok(())
}

fn main() -> Result<(), Error> {
    const SIZE: u64 = 1_000_000;
    let origin = Origin::new("demo.example/log")?;
    let signer = LogSigner::from_seed(origin.clone(), &[42; 32]);
    let leaves: Vec<_> = (0..SIZE).map(|index| leaf_hash(&index.to_be_bytes())).collect();
    let tree = Tree::from_leaves(&leaves);
    let root = tree.root();
    let pick = |turn: u64| turn.wrapping_mul(0x9E37_79B9_7F4A_7C15) % SIZE;

    let mut frontier = Frontier::new();
    bench("append", SIZE, |turn| {
        frontier.append(black_box(leaves.get(turn as usize).copied().unwrap_or(root)));
        Ok(())
    })?;
    bench("root", 100_000, |_| {
        black_box(frontier.root());
        Ok(())
    })?;
    bench("prove", 100_000, |turn| {
        black_box(tree.prove(pick(turn), SIZE)?);
        Ok(())
    })?;
    let proofs = (0..1000).map(|turn| tree.prove(pick(turn), SIZE)).collect::<Result<Vec<_>, _>>()?;
    bench("verify", 100_000, |turn| {
        let proof = proofs.get(turn as usize % 1000).ok_or(Error::Proof("inclusion"))?;
        proof.verify(leaves.get(proof.index as usize).unwrap_or(&root), black_box(&root))
    })?;
    bench("prove-growth", 100_000, |turn| {
        black_box(tree.prove_growth(pick(turn), SIZE)?);
        Ok(())
    })?;
    let old = tree.root_at(654_321)?;
    let growth = tree.prove_growth(654_321, SIZE)?;
    bench("verify-growth", 100_000, |_| growth.verify(black_box(&old), &root))?;

    let mut salts = || [7; 32];
    let draft = Draft::new("grant.issued")
        .fact("run", "01JD4Z3V8Q0000000000000000")
        .fact("change", 4711u32)
        .fact("plan", root.to_hex())
        .fact("revision", "0123456789abcdef0123456789abcdef01234567")
        .fact("policies", &["independent-review", "separation-of-duties"][..])
        .seal_text("decision", vec![0x20; 2000]);
    let at = Time::from_unix_ms(1_795_507_200_123)?;
    bench("seal", 20_000, |turn| {
        black_box(draft.clone().seal(turn, at, &origin, None, &mut salts)?);
        Ok(())
    })?;
    let (leaf, _) = draft.seal(7, at, &origin, None, &mut salts)?;
    bench("decode", 20_000, |_| {
        black_box(Leaf::decode(black_box(leaf.bytes()))?);
        Ok(())
    })?;
    bench("leaf-hash", 100_000, |_| {
        black_box(leaf_hash(black_box(leaf.bytes())));
        Ok(())
    })?;
    let head = Checkpoint { origin, size: SIZE, root };
    bench("sign-checkpoint", 2_000, |_| {
        black_box(signer.sign(&head)?);
        Ok(())
    })?;
    let (signed, keys) = (signer.sign(&head)?, [signer.verifier()]);
    bench("open-checkpoint", 2_000, |_| {
        black_box(SignedCheckpoint::open(signed.note().as_bytes(), &keys)?);
        Ok(())
    })
}
