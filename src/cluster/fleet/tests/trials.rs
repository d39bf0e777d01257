//! Generations on trial, silent workers, large ones: told as stories.

use super::*;

#[test]
fn a_generation_takes_over_as_a_whole_and_the_old_one_stands_by_until_it_has_proved_itself() {
    let mut world = World::new(2);
    world.all_up();
    let old = world.keys();
    assert!(world.reload(2));
    world.up(world.keys()[2]);
    world.lead();
    assert_eq!(world.generations(), [1, 1], "one of two is not enough");
    world.up(world.keys()[3]);
    world.lead();
    assert_eq!(world.generations(), [2, 2]);
    assert!(old.iter().all(|key| world.fleet.stands_by(*key) && world.alive.contains_key(key)));
    world.pass(Duration::from_secs(2));
    world.lead();
    let told = world.told.iter().filter(|action| matches!(action, Action::Disconnect { key, .. } if old.contains(key)));
    assert_eq!(told.count(), 2);
    assert_eq!(world.fleet.serving(), 2);
}

#[test]
fn a_death_on_probation_brings_the_old_ones_back_at_once() {
    let mut world = World::new(2);
    world.all_up();
    world.reload(3);
    world.all_up();
    world.lead();
    assert_eq!(world.generations(), [2, 2, 2]);
    let new = *world.ready.keys().next().unwrap();
    world.dies(new, 9);
    let Trial::Failed(reason) = world.fleet.trial(world.now) else { panic!() };
    assert_eq!(reason, "worker 1 of generation 2 was killed by SIGKILL");
    world.lead();
    assert_eq!(world.generations(), [1, 1]);
    world.pass(Duration::from_secs(3600));
    assert_eq!((world.fleet.size(), world.ready.len()), (2, 2));
}

#[test]
fn a_worker_that_wants_to_leave_during_a_trial_that_fails_gets_its_successor_then() {
    let mut world = World::new(1);
    world.all_up();
    let old = world.keys()[0];
    world.reload(1);
    world.fleet.retiring(old, "memory".into(), world.now);
    let new = world.keys()[1];
    world.dies(new, 256);
    world.lead();
    world.pass(Duration::ZERO);
    assert!(world.ready.contains_key(&old));
    assert_eq!(world.alive.len(), 2, "its successor has started");
}

#[test]
fn a_silent_worker_leaves_the_rotation_after_one_heartbeat_and_the_world_after_two() {
    let mut world = World::new(2);
    world.all_up();
    let silent = world.keys()[0];
    world.mute.insert(silent);
    world.pass(HEARTBEAT - Duration::from_millis(1));
    assert!(world.ready.contains_key(&silent));
    world.pass(Duration::from_millis(1));
    assert!(!world.ready.contains_key(&silent));
    assert!(world.told.iter().any(|action| matches!(action, Action::Stalled { key, silent: HEARTBEAT } if *key == silent)));
    world.pass(Duration::ZERO);
    assert_eq!(world.alive.len(), 3, "its successor has started");
    world.mute.remove(&silent);
    world.pass(HEARTBEAT - Duration::from_millis(1));
    assert!(!world.ready.contains_key(&silent), "one that wakes up is not trusted");
    world.pass(Duration::from_millis(1));
    assert!(matches!(world.told.last(), Some(Action::Kill { key, reason }) if *key == silent && reason.contains("event loop")));
    world.dies(silent, 9);
    assert_eq!(world.alive.len(), 2);
}

#[test]
fn after_a_pause_of_the_master_nobody_is_called_silent() {
    let mut world = World::new(1);
    world.all_up();
    world.pass(Duration::ZERO);
    world.now += Duration::from_secs(3600);
    world.fleet.forgive(world.now);
    world.fleet.tick(world.now);
    assert_eq!(world.fleet.in_rotation(), 1);
}

#[test]
fn a_worker_that_grew_too_large_retires_once() {
    let mut world = World::new(1);
    world.all_up();
    let key = world.keys()[0];
    let now = world.now;
    assert_eq!(world.fleet.weigh(key, 512 << 20, 512 << 20, now), Ok(()));
    let told = world.fleet.weigh(key, 600 << 20, 512 << 20, now).unwrap_err();
    assert_eq!(told, "it holds 600 MiB of memory, 512 MiB are allowed");
    assert_eq!(world.fleet.weigh(key, 700 << 20, 512 << 20, now), Ok(()));
    world.pass(Duration::ZERO);
    assert_eq!(world.alive.len(), 2);
}

#[test]
fn a_smaller_generation_leaves_nothing_of_the_old_one_behind_in_the_slots_that_go() {
    let mut world = World::new(3);
    world.all_up();
    let retiring = world.keys()[1];
    world.fleet.retiring(retiring, "memory".into(), world.now);
    world.pass(Duration::ZERO);
    assert_eq!(world.alive.len(), 4, "its successor has started");
    world.reload(1);
    world.all_up();
    world.lead();
    assert_eq!(world.generations(), [2]);
    world.all_up();
    assert_eq!(world.generations(), [2]);
    world.pass(Duration::from_secs(3600));
    world.lead();
    assert_eq!(world.generations(), [2]);
}

#[test]
fn a_worker_that_dies_while_a_failure_is_known_is_replaced_after_all() {
    let mut world = World::new(2);
    world.all_up();
    let old = world.keys()[0];
    world.reload(2);
    let new = world.keys()[2];
    world.dies(new, 256);
    world.dies(old, 9);
    world.lead();
    world.pass(Duration::ZERO);
    world.all_up();
    assert_eq!(world.generations(), [1, 1]);
}
