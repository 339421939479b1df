//! Who gets it, and what is written to each.

use super::*;

#[tokio::test]
async fn an_audience_that_matched_nobody_reaches_nobody() {
    let mut rules: Vec<Rule<'_>> = vec![
        ("no filter at all", PERSONAL, "/audience", to(json!({})), "empty_filter"),
        ("another word than everyone", PERSONAL, "/audience", to("all"), "wrong_type"),
        ("a list", PERSONAL, "/audience", to(json!([])), "wrong_type"),
        ("nobody", PERSONAL, "/audience", Change::Gone, "missing"),
        ("null", PERSONAL, "/audience", to(Value::Null), "missing"),
        ("a filter of WEBSALE's name", PERSONAL, "/audience/email", to(json!([])), "unknown_field"),
        ("where there are no filters", ENTRIES, "/audience", to(json!({"connected": true})), "not_for_channel"),
    ];
    for list in ["/audience/emails", "/audience/zip_codes", "/audience/zip_areas"] {
        rules.push(("an empty list", PERSONAL, list, to(json!([])), "empty_filter"));
        rules.push(("no list", PERSONAL, list, to("90402"), "wrong_type"));
    }
    for filter in ["connected", "os_type", "emails", "zip_codes", "zip_areas"] {
        let place = format!("/audience/{filter}");
        let null: &[Rule<'_>] = &[("a filter that is null", PERSONAL, &place, to(Value::Null), "empty_filter")];
        each_is_broken_alone(whole, null).await;
    }
    each_is_broken_alone(whole, &rules).await;
}

#[tokio::test]
async fn every_rule_of_a_filter_is_checked() {
    let many: Vec<_> = (0..20_001).map(|number| format!("p{number}@example.org")).collect();
    let rules: &[Rule<'_>] = &[
        ("connected: true or false", PERSONAL, "/audience/connected", to("true"), "wrong_type"),
        ("os_type: two words", PERSONAL, "/audience/os_type", to("windows"), "unknown_value"),
        ("emails: addresses", PERSONAL, "/audience/emails/0", to("ann"), "invalid"),
        ("emails: strings", PERSONAL, "/audience/emails/0", to(7), "wrong_type"),
        ("emails: 20,000", PERSONAL, "/audience/emails", to(many), "too_many"),
        ("zip_codes: strings", PERSONAL, "/audience/zip_codes/0", to(90402), "wrong_type"),
        ("zip_codes: not empty", PERSONAL, "/audience/zip_codes/0", to(" "), "empty"),
        ("zip_areas: objects", PERSONAL, "/audience/zip_areas/0", to("90402-90491"), "wrong_type"),
        ("zip_areas: from", PERSONAL, "/audience/zip_areas/0/from", Change::Gone, "missing"),
        ("zip_areas: to", PERSONAL, "/audience/zip_areas/0/to", Change::Gone, "missing"),
        ("zip_areas: numbers", PERSONAL, "/audience/zip_areas/0/from", to("90402"), "wrong_type"),
        ("zip_areas: not below 0", PERSONAL, "/audience/zip_areas/0/from", to(-1), "out_of_range"),
        ("zip_areas: in order", PERSONAL, "/audience/zip_areas/0/to", to(90401), "wrong_order"),
        ("zip_areas: known fields only", PERSONAL, "/audience/zip_areas/0/till", to(90491), "unknown_field"),
    ];
    each_is_broken_alone(whole, rules).await;
}

#[tokio::test]
async fn every_rule_of_tags_is_checked() {
    let tagged = |channel| {
        let mut body = whole(channel);
        set(&mut body, "/title", to("Hello ~A-FirstName~"));
        set(&mut body, "/text", to("Your voucher: ~VOUCHER-Number~"));
        body
    };
    let android = json!({"os_type": "android"});
    let others = json!({"connected": false});
    let rules: &[Rule<'_>] = &[
        ("tags: connected devices", PERSONAL, "/audience", to(android), "tag_needs_connected"),
        ("tags: no others", PERSONAL, "/audience", to(others), "tag_needs_connected"),
        ("tags: not everyone", PERSONAL, "/audience", to("everyone"), "tag_needs_connected"),
        ("tags: a voucher's batch", PERSONAL, "/voucher_batch", Change::Gone, "tag_needs_voucher"),
    ];
    each_is_broken_alone(tagged, rules).await;
    let rules: &[Rule<'_>] = &[
        ("tags: filled in for receivers", ENTRIES, "/title", to("~A-Zip~"), "not_for_channel"),
        ("tags: filled in for receivers", ENTRIES, "/text", to("~A-Zip~"), "not_for_channel"),
    ];
    each_is_broken_alone(whole, rules).await;
}

#[tokio::test]
async fn each_documented_tag_is_known_and_none_other() {
    let world = World::new();
    for tag in [
        "~A-FirstName~",
        "~A-LastName~",
        "~A-Street1~",
        "~A-Street2~",
        "~A-Title~",
        "~A-Salutation~",
        "~A-City~",
        "~A-Zip~",
        "~A-CompleteSalutation~",
        "~VOUCHER-Number~",
    ] {
        for place in ["/title", "/text"] {
            let mut body = whole(PersonalisedPush);
            set(&mut body, place, to(tag));
            assert_eq!(fault(&world, &body).await, None, "{tag}");
            for misspelt in [tag.to_lowercase(), tag.replace('-', "_"), format!("{}x~", tag.trim_end_matches('~'))] {
                set(&mut body, place, to(misspelt.as_str()));
                let answer = world.receive(signed(URL, &body)).await;
                let error = &answer.json["errors"][0];
                assert_eq!((answer.status, &error["code"]), (422, &json!("unknown_tag")), "{misspelt}");
                assert_eq!(error["pointer"], format!("/data{place}"));
                assert!(error["detail"].as_str().unwrap().ends_with(&format!("did you mean {tag}?")), "{error}");
            }
        }
    }
}
