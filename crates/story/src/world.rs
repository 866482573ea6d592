//! Who and what is in the company's Gerrit.

use realgerrit::provision::{Group, Project, Requirement, Right, Rule, World};

/// The projects that are rolled out: the shop, and four that each show one mistake.
pub const PROJECTS: [&str; 5] = ["shop", "cart", "search", "stock", "prices"];

/// The standard world, and projects whose own Gerrit rules are lax: what gets merged there by mistake is for Exequatur
/// to refuse.
#[must_use]
pub fn world() -> World {
    let mut world = World::standard();
    // Two-eyes rules of Gerrit's own would stop the mistakes that the story is about.
    world.requirements.retain(|requirement| requirement.project != "operations");
    for name in PROJECTS.into_iter().filter(|name| *name != "shop") {
        world.projects.push(Project { name: name.into(), submit_type: "MERGE_IF_NECESSARY".into() });
    }
    for name in PROJECTS.into_iter().filter(|name| *name != "shop").chain(["operations"]) {
        world.requirements.push(Requirement {
            project: name.into(),
            name: "Code-Review".into(),
            submittability: "-label:Code-Review=MIN".into(),
            override_when: None,
        });
    }
    world.groups.push(Group {
        name: "pushers".into(),
        members: vec!["bob".into()],
        owner: "Administrators".into(),
    });
    let right = |project: &str, reference: &str, permission: &str| Right {
        project: project.into(),
        reference: reference.into(),
        permission: permission.into(),
        group: "pushers".into(),
        rule: Rule::Allow,
        exclusive: false,
    };
    world.rights.push(right("search", "refs/for/refs/heads/*", "submit"));
    world.rights.push(right("prices", "refs/heads/*", "push"));
    // The first commit of the operations project: genesis, which `exq.yaml` pins.
    world
        .rights
        .push(Right { group: "Administrators".into(), ..right("operations", "refs/heads/*", "push") });
    world
}

/// The same company on a second Gerrit. Its people were given their accounts in another order: the number that is bob's
/// on one server is dave's on the other.
#[must_use]
pub fn east_world() -> World {
    let mut world = world();
    if let Some(people) = world.people.get_mut(..5) {
        people.reverse();
    }
    world
}
