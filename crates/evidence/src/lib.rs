//! Says what is true about one Gerrit change, and about a range of commits.
