//! What a fresh Gerrit 3.13 puts into `All-Projects` and into a new project.

/// `project.config` of `All-Projects`, with the groups by name.
pub(crate) const ALL_PROJECTS: &str = r#"[project]
	description = Access inherited by all other projects.
[receive]
	requireContributorAgreement = false
	requireSignedOffBy = false
	requireChangeId = true
	enableSignedPush = false
[submit]
	mergeContent = true
[capability]
	administrateServer = group Administrators
	priority = batch group Service Users
	streamEvents = group Service Users
[access "refs/*"]
	read = group Administrators
	read = block group Blocked Users
[access "refs/for/*"]
	addPatchSet = group Registered Users
	push = group Registered Users
	pushMerge = group Registered Users
[access "refs/heads/*"]
	create = group Administrators
	create = group Project Owners
	editTopicName = +force group Administrators
	editTopicName = +force group Project Owners
	forgeAuthor = group Registered Users
	forgeCommitter = group Administrators
	forgeCommitter = group Project Owners
	label-Code-Review = -2..+2 group Administrators
	label-Code-Review = -2..+2 group Project Owners
	label-Code-Review = -1..+1 group Registered Users
	read = group Anonymous Users
	revert = group Administrators
	revert = group Project Owners
	submit = group Administrators
	submit = group Project Owners
[access "refs/meta/config"]
	exclusiveGroupPermissions = read
	create = group Administrators
	create = group Project Owners
	label-Code-Review = -2..+2 group Administrators
	label-Code-Review = -2..+2 group Project Owners
	read = group Administrators
	read = group Project Owners
	submit = group Administrators
	submit = group Project Owners
[access "refs/meta/version"]
	read = group Anonymous Users
[access "refs/tags/*"]
	create = group Administrators
	create = group Project Owners
	createSignedTag = group Administrators
	createSignedTag = group Project Owners
	createTag = group Administrators
	createTag = group Project Owners
[label "Code-Review"]
	function = NoBlock
	defaultValue = 0
	value = -2 This shall not be submitted
	value = -1 I would prefer this is not submitted as is
	value = 0 No score
	value = +1 Looks good to me, but someone else must approve
	value = +2 Looks good to me, approved
	copyCondition = changekind:NO_CHANGE OR changekind:TRIVIAL_REBASE OR is:MIN
[submit-requirement "Code-Review"]
	description = Changes must have at least one MAX Code-Review vote and no MIN to be submittable.
	submittableIf = label:Code-Review=MAX AND -label:Code-Review=MIN
	canOverrideInChildProjects = true
[submit-requirement "No-Unresolved-Comments"]
	description = Changes that have unresolved comments are not submittable.
	applicableIf = has:unresolved
	submittableIf = -has:unresolved
	canOverrideInChildProjects = false
"#;

/// `project.config` of `All-Users`, as far as anybody reads it.
pub(crate) const ALL_USERS: &str = "[project]\n\tdescription = Individual user settings and preferences.\n[access]\n\tinheritFrom = All-Projects\n";

/// The groups that exist without anybody making them: (UUID, name).
pub(crate) const SYSTEM_GROUPS: [(&str, &str); 4] = [
    ("global:Anonymous-Users", "Anonymous Users"),
    ("global:Change-Owner", "Change Owner"),
    ("global:Project-Owners", "Project Owners"),
    ("global:Registered-Users", "Registered Users"),
];
