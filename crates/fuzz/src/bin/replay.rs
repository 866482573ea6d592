//! `replay TARGET FILE…`: runs a target on inputs from files, such as findings.

use anyhow::Context as _;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let target = fuzz::target(&name).with_context(|| format!("{name:?} is no target; {}", names()))?;
    for file in arguments {
        let data = std::fs::read(&file).with_context(|| file.clone())?;
        println!("{name}: {file}, {} bytes", data.len());
        target.run(&data);
    }
    println!("nothing broke");
    Ok(())
}

fn names() -> String {
    let names: Vec<&str> = fuzz::TARGETS.iter().map(|target| target.name).collect();
    format!("targets are {}", names.join(", "))
}
