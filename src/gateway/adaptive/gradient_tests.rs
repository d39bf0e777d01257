//! The gradient against a backend that is played: so many requests at once take the time that they take, and more share its capacity.

use proptest::prelude::*;

use super::*;

const TICK: Duration = Duration::from_millis(1);

/// A route: how long its answers take when nobody waits, in ticks, and how many of its requests come in a tick.
#[derive(Debug, Clone)]
struct Traffic {
    route: Arc<str>,
    takes: f64,
    rate: f64,
    /// It waits for nobody, and nobody for it: its backend is another one.
    apart: bool,
    /// It fails at once.
    fails: bool,
}

/// A backend that works on `knee` requests at once, behind a limit.
struct World {
    gradient: Gradient,
    random: fastrand::Rng,
    knee: f64,
    now: Instant,
    traffic: Vec<Traffic>,
    /// Of which route, since when, and what is left to do, in ticks.
    under_way: Vec<(usize, Instant, f64)>,
    answered: Vec<usize>,
    refused: Vec<usize>,
}

impl World {
    fn new(knee: usize, least: usize, traffic: Vec<Traffic>, seed: u64) -> Self {
        let gradient = Gradient::new(least, 2000, fastrand::Rng::with_seed(seed));
        let (answered, refused) = (vec![0; traffic.len()], vec![0; traffic.len()]);
        let random = fastrand::Rng::with_seed(seed ^ 77);
        Self { gradient, random, knee: knee as f64, now: Instant::now(), traffic, under_way: vec![], answered, refused }
    }

    fn run(&mut self, time: Duration) {
        self.answered.fill(0);
        self.refused.fill(0);
        let ticks = time.as_millis();
        for _ in 0..ticks {
            self.now += TICK;
            self.arrive();
            self.work();
        }
    }

    fn arrive(&mut self) {
        for place in 0..self.traffic.len() {
            let Traffic { takes, rate, fails, .. } = self.traffic[place];
            let count = rate as usize + usize::from(self.random.f64() < rate.fract());
            for _ in 0..count {
                if self.under_way.len() < self.gradient.limit() {
                    // Some take longer than others.
                    let takes = if fails { 0.1 } else { takes * (0.7 + 0.6 * self.random.f64()) };
                    self.under_way.push((place, self.now, takes));
                } else {
                    self.refused[place] += 1;
                }
            }
        }
    }

    fn work(&mut self) {
        let sharing = self.under_way.iter().filter(|(place, ..)| !self.traffic[*place].apart).count() as f64;
        let share = (self.knee / sharing.max(1.0)).min(1.0);
        for (place, _, left) in &mut self.under_way {
            *left -= if self.traffic[*place].apart { 1.0 } else { share };
        }
        let mut place = 0;
        while place < self.under_way.len() {
            if self.under_way[place].2 > 0.0 {
                place += 1;
                continue;
            }
            let busy = self.under_way.len();
            let (route, began, _) = self.under_way.swap_remove(place);
            self.answered[route] += 1;
            let Traffic { ref route, fails, .. } = self.traffic[route];
            self.gradient.answered(route, began, self.now, busy, !fails);
        }
    }
}

fn route(name: &str, takes: f64, rate: f64) -> Traffic {
    Traffic { route: Arc::from(name), takes, rate, apart: false, fails: false }
}

/// What a backend answers in a tick when it has enough to do.
fn capacity(knee: usize, takes: f64) -> f64 {
    knee as f64 / takes
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Two to four times what the backend can do, from the start or after a while of less: the limit comes to rest near the knee, the backend has
    /// enough to do, and answers take little longer than they must.
    #[test]
    fn under_too_much_load_the_limit_comes_near_the_knee(
        knee in 8_usize..120, takes in 5.0_f64..40.0, times in 2.0_f64..4.0, quiet: bool, seed: u64,
    ) {
        let full = capacity(knee, takes);
        let mut world = World::new(knee, 4, vec![route("GET /a", takes, full * 0.5)], seed);
        if quiet {
            world.run(seconds(5));
            world.run(seconds(5));
            prop_assert_eq!(world.refused[0], 0, "half of what it can do is refused nothing once the first probe is over");
        }
        world.traffic[0].rate = full * times;
        world.run(seconds(15));
        world.run(seconds(10));
        let limit = world.gradient.limit();
        prop_assert!(limit * 10 >= knee * 8 && limit <= knee * 2 + 12, "{} at a knee of {}", limit, knee);
        let answered = world.answered[0] as f64 / 10_000.0;
        prop_assert!(answered >= full * 0.85, "{} of {} a tick", answered, full);
    }

    /// A backend that gets faster, and one that gets slower, and the end of the load.
    #[test]
    fn it_comes_back_when_there_is_more_room(knee in 8_usize..40, takes in 5.0_f64..20.0, seed: u64) {
        let full = capacity(knee, takes);
        let mut world = World::new(knee, 4, vec![route("GET /a", takes, full * 3.0)], seed);
        world.run(seconds(20));
        prop_assert!(world.gradient.limit() <= knee * 2 + 12);
        world.knee *= 6.0;
        world.run(seconds(10));
        world.run(seconds(10));
        prop_assert!(world.refused[0] * 100 <= world.answered[0], "{} refused of {}", world.refused[0], world.answered[0]);
        // It takes twice as long from now on, however little is under way.
        world.traffic[0].takes *= 2.0;
        world.traffic[0].rate /= 4.0;
        world.run(seconds(60));
        world.run(seconds(20));
        prop_assert!(world.refused[0] * 20 <= world.answered[0], "{} refused of {}", world.refused[0], world.answered[0]);
    }

    /// One route of another backend becomes twenty times slower, though it has most of the traffic: nobody is refused for it.
    #[test]
    fn one_slow_route_does_not_take_the_others_along(share in 0.2_f64..0.8, takes in 5.0_f64..10.0, seed: u64) {
        let rate = 2.0;
        let mut slow = route("GET /slow", takes, rate * share);
        slow.apart = true;
        let mut world = World::new(1000, 4, vec![route("GET /a", takes, rate * (1.0 - share)), slow], seed);
        world.run(seconds(10));
        let first = world.gradient.limit();
        world.traffic[1].takes *= 20.0;
        // There is more under way than ever before. Where the very first probe has taken chance for a queue (one seed of thousands), the limit is
        // still low, and grows by its root in each window: from 40 to the 320 that are needed that takes 2.4 seconds, in which about half pass.
        let part = if first < 320 { 3 } else { 10 };
        world.run(seconds(5));
        let (refused, answered) = (world.refused[0], world.answered[0]);
        prop_assert!(refused * part <= answered, "{} refused of {}", refused, answered);
        world.run(seconds(55));
        prop_assert_eq!(&world.refused, &vec![0, 0]);
    }

    /// A backend that is gone for a while: failures come fast, and mean nothing when it is back.
    #[test]
    fn fast_failures_do_not_make_good_answers_look_slow(takes in 5.0_f64..40.0, seed: u64) {
        let mut world = World::new(1000, 4, vec![route("GET /a", takes, 2.0)], seed);
        world.run(seconds(10));
        world.traffic[0].fails = true;
        world.run(seconds(60));
        world.traffic[0].fails = false;
        world.run(seconds(20));
        prop_assert_eq!(world.refused[0], 0);
    }

    #[test]
    fn the_limit_stays_between_its_bounds_whatever_happens(
        least in 1_usize..50,
        most in 1_usize..500,
        seed: u64,
        answers in prop::collection::vec((0_u64..20, 0_u64..3000, 1_usize..600, 0_usize..4), 1..1500),
    ) {
        let start = Instant::now() + seconds(10);
        let mut gradient = Gradient::new(least, most, fastrand::Rng::with_seed(seed));
        let routes: Vec<Arc<str>> = (0..4).map(|number| Arc::from(format!("GET /{number}"))).collect();
        let mut millis = 0;
        for (pause, took, busy, route) in answers {
            millis += pause;
            let now = start + Duration::from_millis(millis);
            gradient.answered(&routes[route], now - Duration::from_millis(took), now, busy, took % 3 > 0);
            prop_assert!(gradient.limit() >= least.min(most) && gradient.limit() <= most, "{}", gradient.limit);
        }
    }
}

#[test]
fn a_probe_that_nobody_answers_ends_by_itself() {
    let start = Instant::now();
    let mut gradient = Gradient::new(4, 2000, fastrand::Rng::with_seed(1));
    let route: Arc<str> = Arc::from("GET /a");
    let at = |millis| start + Duration::from_millis(millis);
    (0..200).for_each(|number| gradient.answered(&route, at(number), at(number + 10), 100, true));
    assert!(gradient.probe.is_some() && gradient.limit() <= 50, "{}", gradient.limit());
    gradient.answered(&route, at(20_000), at(20_010), 1, true);
    assert!(gradient.probe.is_none() && gradient.limit() == 2000, "{}", gradient.limit());
}
