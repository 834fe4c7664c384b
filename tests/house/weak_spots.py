"""The 22 weak spots of an earlier system of this kind, and the tests that each is not here."""

from __future__ import annotations

from msgspec import Struct

ENGINE = "tests/server/engine/test_weak_spots.py"
KEPT = "tests/server/adapters/test_weak_spots.py"
PEOPLE = "tests/server/services/people/test_weak_spots.py"
CALLS = "tests/server/rpc/test_weak_spots.py"
LINE = "tests/plugins/lnmarkets/test_weak_spots.py"


class WeakSpot(Struct, frozen=True):
    """What went wrong there, in a sentence, and the tests that it does not go wrong here.

    `later` says what cannot be proved yet, and why.
    """

    number: int
    sentence: str
    tests: tuple[str, ...]
    later: str = ""


WEAK_SPOTS = (
    WeakSpot(
        1,
        "A guard told its owner that it had acted, and had sent nothing.",
        (
            f"{ENGINE}::test_weak_spot_01_no_success_is_told_of_what_the_venue_did_not_do",
            f"{ENGINE}::test_weak_spot_01_a_success_is_told_of_what_the_venue_did",
        ),
    ),
    WeakSpot(
        2,
        "A guard was switched off while the interface showed it as on.",
        (
            f"{ENGINE}::test_weak_spot_02_a_guard_that_is_switched_off_is_not_said_to_protect",
            "tests/server/services/test_protection.py"
            "::test_a_position_without_a_guard_is_not_protected",
        ),
    ),
    WeakSpot(
        3,
        "Three replicas each guarded every account.",
        (
            f"{ENGINE}::test_weak_spot_03_three_replicas_do_not_guard_one_account_thrice",
            "tests/server/engine/test_replicas.py"
            "::test_three_engines_share_and_a_dead_one_is_replaced_within_eight_seconds",
        ),
    ),
    WeakSpot(
        4,
        "Margin was added with every price below the threshold: unlogged, unbounded, by the entry.",
        (
            f"{ENGINE}::test_weak_spot_04_margin_is_not_added_anew_with_every_price",
            f"{ENGINE}::test_weak_spot_04_whoever_asks_with_every_price_stays_within_the_budget",
            "tests/plugins/margin_guard/test_guard.py"
            "::test_a_second_add_waits_for_the_cooldown_unless_distance_halved",
            "tests/sdk/test_maths.py::test_consumed_counts_from_entry_to_liquidation",
        ),
    ),
    WeakSpot(
        5,
        "A price older than 30 seconds was skipped in silence.",
        (
            f"{ENGINE}::test_weak_spot_05_a_price_that_is_too_old_is_an_alarm_and_not_a_silence",
            "tests/server/engine/test_standing.py"
            "::test_a_stale_price_degrades_with_an_alarm_and_a_fresh_one_restores",
        ),
    ),
    WeakSpot(
        6,
        "Settings of guards were read once, and of each person one account.",
        (
            f"{ENGINE}::test_weak_spot_06_a_change_counts_at_once_and_for_every_account",
            "tests/server/rpc/test_sharing.py"
            "::test_a_person_has_several_accounts_and_each_call_names_its_own",
        ),
    ),
    WeakSpot(
        7,
        "Opened exchange keys were written to the log.",
        (
            f"{KEPT}::test_weak_spot_07_an_opened_key_is_in_no_log_line_of_ours_or_of_a_library",
            "tests/server/rpc/test_canaries.py::test_no_key_is_told_logged_or_stored_in_clear",
        ),
    ),
    WeakSpot(
        8,
        "A sealed key of one person opened in the row of another: no authentication.",
        (
            f"{KEPT}::test_weak_spot_08_the_key_of_one_account_does_not_open_in_the_row_of_another",
            "tests/server/engine/test_keys.py::test_every_bit_flip_of_a_sealed_record_is_refused",
        ),
    ),
    WeakSpot(
        9,
        "One key for everything, from a constant salt, without a version or a way to replace it.",
        (
            f"{KEPT}::test_weak_spot_09_no_salt_is_constant_and_keys_have_names_and_are_replaced",
            "tests/server/adapters/test_rewrapping.py"
            "::test_killed_at_every_row_everything_stays_readable_and_is_finished_later",
        ),
    ),
    WeakSpot(
        10,
        "What did not open was taken as it lay, or as empty.",
        (
            f"{KEPT}::test_weak_spot_10_what_does_not_open_is_no_key_and_never_taken_as_it_lies",
            "tests/server/engine/test_keys.py"
            "::test_another_vault_opens_nothing_and_its_error_tells_nothing",
        ),
    ),
    WeakSpot(
        11,
        "What was called a hash was a cipher that anybody with the key could undo.",
        (
            f"{KEPT}::test_weak_spot_11_what_is_found_by_a_hash_cannot_be_read_back_from_it",
            "tests/server/services/test_personal.py::test_the_hash_of_another_database_differs",
        ),
    ),
    WeakSpot(
        12,
        "A refresh token was not stored, not rotated, and worked as an access token.",
        (
            f"{PEOPLE}::test_weak_spot_12_a_refresh_token_counts_once_and_never_as_an_access_token",
            "tests/server/services/test_sessions.py"
            "::test_a_refresh_token_that_comes_again_ends_the_session",
        ),
    ),
    WeakSpot(
        13,
        "Codes came from a guessable generator and lay beside the password.",
        (
            f"{PEOPLE}::test_weak_spot_13_what_a_letter_says_is_256_bits_and_lies_apart"
            "_from_the_password",
        ),
    ),
    WeakSpot(
        14,
        "Beginnings and ends of tokens were written to the log.",
        (
            f"{PEOPLE}::test_weak_spot_14_nothing_shows_a_part_of_a_secret",
            "tests/server/rpc/test_canaries.py"
            "::test_no_password_token_code_or_address_is_told_logged_or_stored_in_clear",
        ),
    ),
    WeakSpot(
        15,
        "Every web page of the world was allowed to call, with credentials (CORS).",
        (
            f"{CALLS}::test_weak_spot_15_a_browsers_protocol_is_not_spoken",
            f"{CALLS}::test_weak_spot_15_no_origin_is_ever_allowed",
        ),
        later="the allow-list of a web bridge: there is none yet",
    ),
    WeakSpot(
        16,
        "The limiter of calls could be raced, believed any address, and let all in without Redis.",
        (
            f"{PEOPLE}::test_weak_spot_16_without_the_database_nobody_guesses_unslowed",
            "tests/server/adapters/test_limiters.py"
            "::test_without_redis_each_core_keeps_its_share_and_is_never_open",
            "tests/server/services/test_limiting.py"
            "::test_only_trusted_proxies_say_whose_address_it_is",
        ),
    ),
    WeakSpot(
        17,
        "The check against forged requests was skipped for whoever sent any Authorization (CSRF).",
        (
            f"{CALLS}::test_weak_spot_17_no_cookie_stands_for_a_caller",
            f"{CALLS}::test_weak_spot_17_whoever_calls_is_asked_for_a_token_whatever_else_they_send",
        ),
        later="the tokens of a web bridge's forms: there is none yet",
    ),
    WeakSpot(
        18,
        "Administrators were looked up under a name that tokens did not carry.",
        (
            f"{CALLS}::test_weak_spot_18_an_administrator_is_who_the_record_says_and_no_claim_helps",
            "tests/server/rpc/test_matrix.py::test_every_caller_gets_what_their_rights_say",
        ),
    ),
    WeakSpot(
        19,
        "One breaker for all: a refused request of a dashboard stopped the guards.",
        (
            f"{LINE}::test_weak_spot_19_a_refusal_opens_no_breaker",
            f"{LINE}::test_weak_spot_19_failures_of_a_dashboard_hold_no_guard_up",
        ),
    ),
    WeakSpot(
        20,
        "The first try after a failure ended in an error of the client itself.",
        (
            f"{LINE}::test_weak_spot_20_after_a_failure_the_next_try_is_a_try_and_no_error_of_ours",
            f"{LINE}::test_weak_spot_20_what_changes_anything_is_not_tried_again_by_the_line",
            "tests/sdk/test_client.py::test_unavailable_is_tried_again_under_the_same_request_id",
        ),
    ),
    WeakSpot(
        21,
        "One person's error ended the process, and with it everybody's guard.",
        (
            f"{ENGINE}::test_weak_spot_21_what_breaks_one_account_stops_no_guard_of_another",
            "tests/server/engine/test_runs.py::test_a_raising_strategy_fails_its_own_run_only",
        ),
    ),
    WeakSpot(
        22,
        "Passwords were compared in clear, and secrets lay in the repository.",
        (
            f"{PEOPLE}::test_weak_spot_22_a_password_is_kept_as_a_slow_hash_with_a_salt"
            "_and_nowhere_in_clear",
            "tests/house/test_secrets.py::test_no_secret_is_compared_by_equality",
            "tests/house/test_weak_spots.py::test_weak_spot_22_no_file_of_secrets_is_committed",
        ),
    ),
)
"""Each as it was found there, in the order in which they were found."""
