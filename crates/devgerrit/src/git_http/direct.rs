//! A push straight to a ref: bypasses review where the rights allow it, and closes the open changes that it brings.

use crate::git::{Oid, walk};
use crate::world::World;
use crate::world::accounts::Caller;
use crate::world::projects::CONFIG;

use super::commands::Command;
use super::receive::{Refused, Told};

impl World {
    pub(crate) fn push_directly(
        &mut self,
        caller: Caller,
        project: &str,
        command: &Command,
        told: &mut Told,
    ) -> Result<(), Refused> {
        let name = command.name.as_str();
        let internal = |error: crate::git::GitError| -> Refused {
            tracing::error!("push: {error}");
            "internal error".to_owned()
        };
        let by = caller.account.ok_or("authentication required")?;
        let repo = self.must_repo(project).map_err(|refusal| refusal.text)?;
        let now = repo.reference(name).unwrap_or(Oid::ZERO);
        let mut deny = |world: &Self, what: &str, hint: &[&str]| -> Refused {
            world.denied(caller, name, hint, told);
            format!("prohibited by Gerrit: not permitted: {what}")
        };
        let managed = ["refs/changes/", "refs/sequences/", "refs/users/", "refs/groups/"];
        if managed.iter().any(|prefix| name.starts_with(prefix)) {
            return Err(deny(self, "create", &["You need 'Create' rights to create new references."]));
        }
        if now != command.old {
            // a ref that the pusher can't see looks new to him
            let exists = format!("Cannot create ref '{name}' because it already exists.");
            return Err(if command.old == Oid::ZERO { exists } else { "failed to lock".to_owned() });
        }
        let owner = self.is_owner(caller, project);
        if command.new == Oid::ZERO {
            let may =
                self.can(caller, project, name, "delete") || self.can_force(caller, project, name, "push");
            if name == CONFIG || !(may || owner) {
                let hint = [
                    "You need 'Delete Reference' rights or 'Push' rights with the ",
                    "'Force Push' flag set to delete references.",
                ];
                return Err(deny(self, "delete", &hint));
            }
            return self.move_ref(Some(by), project, name, now, Oid::ZERO).map_err(|refusal| refusal.text);
        }
        let fresh = now == Oid::ZERO;
        let permission = match name {
            _ if fresh && name.starts_with("refs/tags/") => "createTag",
            _ if fresh => "create",
            _ => "push",
        };
        let allowed = self.can(caller, project, name, permission) || (name == CONFIG && owner);
        if !allowed && fresh {
            return Err(deny(self, "create", &["You need 'Create' rights to create new references."]));
        }
        if !allowed {
            let short = name.strip_prefix("refs/heads/").unwrap_or(name);
            let hint = format!(
                "Push to refs/for/{short} to create a review, or get 'Push' rights to update the branch."
            );
            return Err(deny(self, "update", &[&hint]));
        }
        let forward = fresh || walk::is_ancestor(&repo, now, command.new).map_err(internal)?;
        if !forward && !self.can_force(caller, project, name, "push") {
            let hint = ["You need 'Push' rights with 'Force' flag set to do a non-fastforward push."];
            return Err(deny(self, "force update", &hint));
        }
        let known: Vec<Oid> = repo.references("refs/heads/").into_values().collect();
        let brought = if name.starts_with("refs/tags/") {
            Vec::new()
        } else {
            walk::new_commits(&repo, command.new, &known).map_err(internal)?
        };
        for made in &brought {
            self.validate_people(caller, project, name, made, told)?;
        }
        self.move_ref(Some(by), project, name, now, command.new).map_err(|refusal| refusal.text)?;
        told.closed += self
            .close_pushed(caller, project, name, &brought, command.new)
            .map_err(|refusal| refusal.text)?;
        Ok(())
    }
}
