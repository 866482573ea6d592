//! The small company that the demo and the tests play: its people, its Gerrit, its shop.
//!
//! Everything goes over the wire, as people do it: `git push`, votes and submits over REST. The Gerrit is whichever is
//! handed in, the small one or a real one. Never part of a product.

mod desk;
mod operations;
pub mod shop;
mod town;
mod world;

pub use desk::{Change, Desk, new_change_id};
pub use town::{Bell, EAST_PROJECT, EAST_SHOP, GerritAt, Pace, Shops, Town, provision};
pub use world::{PROJECTS, east_world, world};
