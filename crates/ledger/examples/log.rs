//! A log of three entries: written, signed, proven, and erased in part.
//!
//! `cargo run -p ledger --example log`

use ledger::{Checkpoint, Draft, Error, LogSigner, Opened, Origin, Time, TlogProof, Tree, verify_log};

fn main() -> Result<(), Error> {
    let origin = Origin::new("demo.example/log")?;
    // In a product the key and the salts come from the operating system's randomness.
    let signer = LogSigner::from_seed(origin.clone(), &[42; 32]);
    let mut count = 0u8;
    let mut salts = move || {
        count += 1;
        [count; 32]
    };

    let (mut entries, mut beside, mut tree) = (Vec::new(), Vec::new(), Tree::new());
    for (index, kind) in ["submission.seen", "grant.issued", "run.settled"].into_iter().enumerate() {
        let draft = Draft::new(kind).fact("run", "run-1").seal_text("note", format!("Ada, about {kind}"));
        let at = Time::from_unix_ms(1_795_507_200_000 + index as i64)?;
        let (leaf, sealed) = draft.seal(tree.size(), at, &origin, None, &mut salts)?;
        println!("{}", String::from_utf8_lossy(leaf.bytes()));
        tree.append(leaf.hash());
        entries.push(leaf.into_bytes());
        beside.extend(sealed);
    }

    let signed = signer.sign(&Checkpoint::of(origin, tree.frontier()))?;
    println!("\n{}", signed.note());
    let keys = [signer.verifier()];
    println!("anybody can check it with {}\n", signer.verifier());

    let verified = verify_log(entries.iter().map(Vec::as_slice), signed.note().as_bytes(), &keys)?;
    println!("{} entries verified", verified.leaves.len());

    // The second entry's text stays, the first one's is erased with its salt.
    for (leaf, text) in verified.leaves.iter().zip([None, beside.get(1), beside.get(2)]) {
        match leaf.open("note", text.map(|text| (&text.salt, text.body.as_slice())))? {
            Opened::Proven(body) => println!("{}: proven: {}", leaf.kind(), String::from_utf8_lossy(body)),
            Opened::Erased => println!("{}: erased", leaf.kind()),
        }
    }

    if let Some(entry) = entries.get(1) {
        let proof = TlogProof::new(tree.prove(1, tree.size())?, &signed)?;
        proof.verify(entry, &keys)?;
        println!("\nand this file proves the second entry by itself:\n\n{}", proof.to_text());
    }
    Ok(())
}
