//! What must hold of every plan.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const KINDS: &[TaskKind] = TaskKind::ALL;

fn motives() -> impl Strategy<Value = Vec<Motive>> {
    prop::collection::vec(
        (0..KINDS.len(), 0.0..1.0)
            .prop_map(|(kind, urgency)| Motive { kind: KINDS[kind], urgency }),
        1..4,
    )
}

fn team() -> impl Strategy<Value = TeamCode> {
    (0..TeamCode::ALL.len()).prop_map(|i| TeamCode::ALL[i])
}

prop_compose! {
    fn agents()(
        rows in prop::collection::vec(
            (team(), 0_i64..3, any::<bool>(), 0_u32..30, prop::collection::vec(0_u32..4, 0..2),
             (0_u32..8, 0_u32..8, 0_u32..8), prop::bool::weighted(0.2)),
            0..12,
        )
    ) -> Vec<Agent> {
        rows.into_iter().enumerate().map(|(i, (team, leader, senior, capacity, places, load, absent))| {
            Agent {
                id: UserId(i as i64 + 1),
                leader: (leader > 0).then_some(UserId(1000 + leader)),
                team, senior, capacity, places,
                load: Load { reminder: load.0, offer: load.1, follow_up: load.2 },
                absent,
            }
        }).collect()
    }
}

prop_compose! {
    fn candidates()(
        rows in prop::collection::vec(
            (team(), prop::option::of(1_i64..13), 0_i64..3, prop::option::of(0_u32..4),
             any::<bool>(), 0_i64..500_000, motives()),
            0..120,
        )
    ) -> Vec<Candidate> {
        rows.into_iter().enumerate().map(|(i, (team, own, leader, place, senior_first, order, motives))| {
            Candidate {
                customer: CustomerId(i as i64 + 1),
                team,
                own_agent: own.map(UserId),
                leader: (leader > 0).then_some(UserId(1000 + leader)),
                places: [place, None],
                senior_first,
                average_order: Money(order),
                motives,
            }
        }).collect()
    }
}

prop_compose! {
    fn quotas()(per_agent_limit in 1_u32..25, reminder in 0_u32..15, offer in 0_u32..15, followup in 0_u32..15) -> Quotas {
        Quotas { per_agent_limit, reminder, offer, followup }
    }
}

/// What each agent gets from the plan.
fn given(agents: &[Agent], candidates: &[Candidate], plan: &Plan) -> Vec<Load> {
    let mut loads = vec![Load::default(); agents.len()];
    for a in &plan.assignments {
        loads[a.agent].add(candidates[a.candidate].motives[a.main].kind.quota_class(), 1);
    }
    loads
}

proptest! {
    #[test]
    fn a_twin_of_whoever_there_was_no_room_for_would_not_have_been_called_and_with_room_left_would(
        agents in agents(), candidates in candidates(), quotas in quotas(),
    ) {
        let plan = plan(&agents, &candidates, &quotas, true);
        let left: Vec<Candidate> =
            plan.left_out.iter().map(|(i, _)| candidates[*i].clone()).collect();
        prop_assert!(would_call(&candidates, &plan, &left).iter().all(|called| !called));
        let called: Vec<Candidate> =
            plan.assignments.iter().map(|a| candidates[a.candidate].clone()).collect();
        if left.is_empty() {
            prop_assert!(would_call(&candidates, &plan, &called).iter().all(|called| *called));
        }
    }

    #[test]
    fn limits_capacity_and_quotas_hold(
        agents in agents(), candidates in candidates(), quotas in quotas(), spill in any::<bool>(),
    ) {
        let plan = plan(&agents, &candidates, &quotas, spill);
        for (agent, got) in agents.iter().zip(given(&agents, &candidates, &plan)) {
            if agent.absent {
                prop_assert_eq!(got.total(), 0);
            }
            if got.total() == 0 {
                continue;
            }
            let all = agent.load.total() + got.total();
            prop_assert!(all <= quotas.per_agent_limit);
            prop_assert!(all <= agent.capacity);
            // Spilling uses what others left, so the quotas' sum holds in any case.
            prop_assert!(all <= quotas.reminder + quotas.offer + quotas.followup);
            if !spill {
                for class in QuotaClass::ALL {
                    prop_assert!(
                        got.of(*class) == 0
                            || got.of(*class) + agent.load.of(*class) <= quotas.of(*class)
                    );
                }
            }
        }
    }

    #[test]
    fn everybody_is_called_once_or_left_out_with_a_reason(
        agents in agents(), candidates in candidates(), quotas in quotas(), spill in any::<bool>(),
    ) {
        let plan = plan(&agents, &candidates, &quotas, spill);
        let mut seen = HashSet::new();
        for i in plan.assignments.iter().map(|a| a.candidate).chain(plan.left_out.iter().map(|l| l.0)) {
            prop_assert!(seen.insert(i));
        }
        prop_assert_eq!(seen.len(), candidates.len());
    }

    #[test]
    fn a_customer_only_goes_to_the_own_team_and_leader(
        agents in agents(), candidates in candidates(), quotas in quotas(),
    ) {
        for a in &plan(&agents, &candidates, &quotas, true).assignments {
            let (agent, customer) = (&agents[a.agent], &candidates[a.candidate]);
            prop_assert_eq!(agent.team, customer.team);
            if customer.leader.is_some() {
                prop_assert_eq!(agent.leader, customer.leader);
            }
        }
    }

    #[test]
    fn a_class_passes_its_quota_only_over_what_others_left(
        agents in agents(), candidates in candidates(), quotas in quotas(),
    ) {
        // Whoever is left out for lack of room could not have been served by the strict plan either.
        let strict = plan(&agents, &candidates, &quotas, false);
        let spilled = plan(&agents, &candidates, &quotas, true);
        let got: HashSet<usize> = spilled.assignments.iter().map(|a| a.candidate).collect();
        for a in &strict.assignments {
            prop_assert!(got.contains(&a.candidate));
        }
    }

    #[test]
    fn the_plan_does_not_depend_on_the_order_of_the_candidates(
        agents in agents(), candidates in candidates(), quotas in quotas(),
    ) {
        let names = |plan: &Plan, candidates: &[Candidate]| {
            let mut calls: Vec<_> = plan.assignments.iter()
                .map(|a| (candidates[a.candidate].customer, agents[a.agent].id, a.main)).collect();
            calls.sort_unstable();
            calls
        };
        let mut reversed = candidates.clone();
        reversed.reverse();
        let one = plan(&agents, &candidates, &quotas, true);
        let other = plan(&agents, &reversed, &quotas, true);
        prop_assert_eq!(names(&one, &candidates), names(&other, &reversed));
    }

    #[test]
    fn nobody_with_room_is_idle_while_a_customer_of_the_team_waits(
        agents in agents(), candidates in candidates(), quotas in quotas(),
    ) {
        let plan = plan(&agents, &candidates, &quotas, true);
        let got = given(&agents, &candidates, &plan);
        for (left, _) in &plan.left_out {
            let customer = &candidates[*left];
            for (agent, got) in agents.iter().zip(&got) {
                let serves = agent.team == customer.team && !agent.absent
                    && (customer.leader.is_none() || customer.leader == agent.leader);
                if serves {
                    let all = agent.load.total() + got.total();
                    prop_assert!(all >= agent.capacity.min(quotas.total()));
                }
            }
        }
    }
}

fn agent(id: i64) -> Agent {
    Agent {
        id: UserId(id),
        leader: None,
        team: TeamCode::A,
        senior: false,
        capacity: 200,
        places: Vec::new(),
        load: Load::default(),
        absent: false,
    }
}

fn customer(id: i64) -> Candidate {
    Candidate {
        customer: CustomerId(id),
        team: TeamCode::A,
        own_agent: None,
        leader: None,
        places: [None, None],
        senior_first: false,
        average_order: Money::taka(1_000),
        motives: vec![Motive { kind: TaskKind::Reminder, urgency: 0.3 }],
    }
}

fn goes_to(agents: &[Agent], candidate: Candidate) -> Option<UserId> {
    let plan = plan(agents, &[candidate], &Quotas::default(), true);
    plan.assignments.first().map(|a| agents[a.agent].id)
}

#[test]
fn the_own_agent_comes_before_district_seniority_and_load() {
    let busy = Load { reminder: 100, ..Load::default() };
    let own = Agent { load: busy, ..agent(1) };
    let near = Agent { places: vec![7], ..agent(2) };
    let senior = Agent { senior: true, ..agent(3) };
    let agents = [agent(4), senior, near, own];
    let hot = Candidate { places: [Some(7), None], senior_first: true, ..customer(1) };
    assert_eq!(
        goes_to(&agents, Candidate { own_agent: Some(UserId(1)), ..hot.clone() }),
        Some(UserId(1))
    );
    assert_eq!(goes_to(&agents, hot.clone()), Some(UserId(2)));
    assert_eq!(goes_to(&agents, Candidate { places: [None; 2], ..hot }), Some(UserId(3)));
    assert_eq!(goes_to(&agents, customer(1)), Some(UserId(2)), "the least loaded, lowest id");
}

#[test]
fn the_city_counts_as_a_district() {
    let near = Agent { places: vec![7], ..agent(9) };
    let there = Candidate { places: [Some(1), Some(7)], ..customer(1) };
    assert_eq!(goes_to(&[agent(1), near], there), Some(UserId(9)));
}

#[test]
fn work_is_spread_evenly() {
    let agents: Vec<Agent> = (1..=4).map(agent).collect();
    let customers: Vec<Candidate> = (1..=40).map(customer).collect();
    let plan = plan(&agents, &customers, &Quotas::default(), true);
    for got in given(&agents, &customers, &plan) {
        assert_eq!(got.total(), 10);
    }
}

#[test]
fn the_most_valuable_are_called_when_time_is_short() {
    let one = Agent { capacity: 1, ..agent(1) };
    let rich = Candidate { average_order: Money::taka(9_000), ..customer(2) };
    let plan = plan(&[one], &[customer(1), rich, customer(3)], &Quotas::default(), true);
    assert_eq!(plan.assignments.len(), 1);
    assert_eq!(plan.assignments[0].candidate, 1);
    assert_eq!(plan.left_out, [(0, LeftOut::NoCapacity), (2, LeftOut::NoCapacity)]);
}

#[test]
fn an_unused_quota_goes_to_others_only_if_it_may() {
    let quotas = Quotas { per_agent_limit: 10, reminder: 5, offer: 3, followup: 2 };
    let customers: Vec<Candidate> = (1..=20).map(customer).collect();
    let strict = plan(&[agent(1)], &customers, &quotas, false);
    assert_eq!(strict.assignments.len(), 5);
    assert!(strict.left_out.iter().all(|(_, why)| *why == LeftOut::QuotaFull));
    let spilled = plan(&[agent(1)], &customers, &quotas, true);
    assert_eq!(spilled.assignments.len(), 10);
}

#[test]
fn several_reasons_are_one_call_led_by_the_most_urgent() {
    let reasons = vec![
        Motive { kind: TaskKind::CrossSell, urgency: 0.1 },
        Motive { kind: TaskKind::Birthday, urgency: 0.4 },
        Motive { kind: TaskKind::Reminder, urgency: 0.2 },
    ];
    let both = value(&reasons, Money::taka(100));
    assert!(both > value(&reasons[1..2], Money::taka(100)));
    let plan = plan(
        &[agent(1)],
        &[Candidate { motives: reasons, ..customer(1) }],
        &Quotas::default(),
        true,
    );
    assert_eq!(plan.assignments.len(), 1);
    assert_eq!(plan.assignments[0].main, 1);
}

#[test]
fn without_a_team_there_is_nobody_to_call() {
    let vip = Candidate { team: TeamCode::E, ..customer(1) };
    let other_leader = Candidate { leader: Some(UserId(77)), ..customer(2) };
    let plan = plan(&[agent(1)], &[vip, other_leader], &Quotas::default(), true);
    assert_eq!(plan.left_out, [(0, LeftOut::NoTeam), (1, LeftOut::NoTeam)]);
}
