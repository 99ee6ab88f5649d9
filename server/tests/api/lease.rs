//! Of several instances one follows the telephone system at a time.

use chrono::TimeDelta;
use trustcart::db::lease::Lease;

use crate::support::both;

both! {
    async fn one_instance_holds_a_lease_until_it_is_given_back_or_runs_out(app: TestApp) {
        let (db, clock) = (&app.state.db, &app.state.clock);
        let mut first = Lease::new(db.clone(), clock.clone(), "test");
        let mut second = Lease::new(db.clone(), clock.clone(), "test");
        assert!(first.hold().await);
        // SQLite has one process, which need not ask.
        let alone = !db.is_postgres();
        assert_eq!(second.hold().await, alone);
        assert!(first.hold().await, "renewed");

        first.release().await;
        assert!(second.hold().await, "given back");
        assert_eq!(first.hold().await, alone);

        clock.set(clock.now() + TimeDelta::seconds(11));
        assert!(first.hold().await, "the second one died");
        assert_eq!(second.hold().await, alone, "and is told when it comes back");
    }
}
