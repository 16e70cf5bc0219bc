"""Questions that people ask of such a database, with a query each that SQLite and PostgreSQL read alike.

They are the table `questions`, the canned queries of a browser and examples on the page of the schema.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CannedQuestion:
    """A question in words, and in SQL over the views."""

    title: str
    sql: str


QUESTIONS = (
    CannedQuestion(
        "Which method keeps 98 % of the dense accuracy at the highest sparsity?",
        """\
SELECT suite, profile, data, model, environment, method, sparsity, accuracy_kept
FROM (
    SELECT pruned.suite, pruned.profile, pruned.data, pruned.model, pruned.environment, pruned.method,
           pruned.target_sparsity AS sparsity,
           pruned.test_accuracy_mean / dense.test_accuracy_mean AS accuracy_kept,
           rank() OVER (PARTITION BY pruned.suite, pruned.profile, pruned.data, pruned.model, pruned.environment
                        ORDER BY pruned.target_sparsity DESC) AS place
    FROM summary AS pruned
    JOIN summary AS dense
      ON dense.suite = pruned.suite AND dense.profile = pruned.profile AND dense.data = pruned.data
     AND dense.model = pruned.model AND dense.environment = pruned.environment AND dense.method = 'none'
    WHERE pruned.level > 0 AND pruned.test_accuracy_mean >= 0.98 * dense.test_accuracy_mean
) AS ranked
WHERE place = 1
ORDER BY suite, profile, data, model, environment, accuracy_kept DESC, method""",
    ),
    CannedQuestion(
        "Where does lottery beat one-shot by more than its interval?",
        """\
SELECT suite, profile, data, model, environment, target_sparsity, metric, n, wins,
       difference_mean, difference_low, difference_high
FROM duels
WHERE method = 'lottery' AND rival = 'one-shot'
  AND (metric = 'test_accuracy' AND difference_low > 0 OR metric = 'test_loss' AND difference_high < 0)
ORDER BY suite, profile, data, model, environment, target_sparsity""",
    ),
    CannedQuestion(
        "What did each method cost?",
        """\
SELECT suite, profile, data, model, environment, method, count(*) AS runs,
       round(avg(steps_alone)) AS steps_alone, round(avg(steps_shared)) AS steps_here, sum(seconds) AS seconds_here
FROM results
GROUP BY suite, profile, data, model, environment, method
ORDER BY suite, profile, data, model, environment, steps_alone DESC, method""",
    ),
    CannedQuestion(
        "Which method leads at each sparsity?",
        """\
SELECT suite, profile, data, model, environment, target_sparsity, method, metric, mean, low, high, n, methods
FROM leaderboard
WHERE place = 1
ORDER BY suite, profile, data, model, environment, target_sparsity, method""",
    ),
    CannedQuestion(
        "How much is lost at 90 % and beyond, and is that more than chance?",
        """\
SELECT suite, profile, data, model, environment, method, target_sparsity, n,
       round(10000 * test_accuracy_difference_mean) / 100 AS points,
       round(10000 * test_accuracy_difference_low) / 100 AS low,
       round(10000 * test_accuracy_difference_high) / 100 AS high
FROM versus_dense
WHERE target_sparsity >= 0.9
ORDER BY suite, profile, data, model, environment, target_sparsity, points DESC, method""",
    ),
    CannedQuestion(
        "How far can each method go and surely lose less than a point?",
        """\
SELECT suite, profile, data, model, environment, method, max(target_sparsity) AS sparsity
FROM versus_dense
WHERE test_accuracy_difference_low > -0.01
GROUP BY suite, profile, data, model, environment, method
ORDER BY suite, profile, data, model, environment, sparsity DESC, method""",
    ),
    CannedQuestion(
        "Which networks does no smaller one match?",
        """\
SELECT suite, profile, data, model, environment, size AS parameters, test_accuracy_mean, method, target_sparsity, n
FROM frontier
WHERE cost = 'parameters'
ORDER BY suite, profile, data, model, environment, size""",
    ),
    CannedQuestion(
        "Do our numbers agree with the published ones?",
        """\
SELECT project, data, model, their_method, sparsity_true, metric, published, suite, profile, method, mean, low, high,
       inside, note
FROM versus_published
ORDER BY project, data, model, their_method, sparsity_true, metric, suite, profile, method""",
    ),
    CannedQuestion(
        "How steady is each method over its seeds?",
        """\
SELECT suite, profile, data, model, environment, method, target_sparsity, n, test_accuracy_sd, test_loss_sd
FROM summary
WHERE n > 1
ORDER BY test_accuracy_sd DESC, suite, profile, data, model, environment, method, target_sparsity
LIMIT 100""",
    ),
    CannedQuestion(
        "How much does training after the pruning bring back?",
        """\
SELECT suite, profile, data, model, environment, method, target_sparsity,
       avg(pruned_test_accuracy) AS right_after_pruning, avg(test_accuracy) AS at_the_end
FROM results
WHERE level > 0 AND pruned_test_accuracy IS NOT NULL
GROUP BY suite, profile, data, model, environment, method, level, target_sparsity
ORDER BY suite, profile, data, model, environment, method, target_sparsity""",
    ),
    CannedQuestion(
        "Which weights are left without being of use?",
        """\
SELECT suite, profile, data, model, method, target_sparsity,
       avg(sparsity) AS sparsity, avg(effective_sparsity) AS effective_sparsity
FROM results
WHERE level > 0
GROUP BY suite, profile, data, model, method, level, target_sparsity
HAVING avg(effective_sparsity) - avg(sparsity) > 0.001
ORDER BY avg(effective_sparsity) - avg(sparsity) DESC""",
    ),
    CannedQuestion(
        "Which layers are pruned most?",
        """\
SELECT results.suite, results.profile, results.data, results.model, results.method, results.target_sparsity,
       layers.position, layers.layer, avg(layers.sparsity) AS sparsity
FROM results
JOIN layers ON layers.key = results.key AND layers.environment = results.environment
GROUP BY results.suite, results.profile, results.data, results.model, results.method, results.level,
         results.target_sparsity, layers.position, layers.layer
ORDER BY results.suite, results.profile, results.data, results.model, results.method, results.target_sparsity,
         layers.position""",
    ),
    CannedQuestion(
        "Are pruned networks quicker, in theory and as measured?",
        """\
SELECT suite, profile, data, model, method, target_sparsity, device, form, threads, batch,
       theoretical_speedup, speedup AS measured_speedup, 1000 * seconds AS milliseconds
FROM speeds
ORDER BY suite, profile, data, model, method, target_sparsity, device, form, threads, batch""",
    ),
    CannedQuestion(
        "What went wrong, and why?",
        """\
SELECT suite, profile, data, model, method, target_sparsity, seed, environment, status, reason
FROM results
WHERE status <> 'done'
ORDER BY suite, profile, data, model, method, target_sparsity, seed""",
    ),
    CannedQuestion(
        "Which results do not agree with those of another machine?",
        """\
SELECT suite, profile, data, model, method, target_sparsity, seed, quantity, value, other_value, difference, words,
       origin, other_origin, shown, environment
FROM conflicts
ORDER BY suite, profile, data, model, method, target_sparsity, seed, quantity""",
    ),
    CannedQuestion(
        "What is still to be run?",
        """\
SELECT suite, profile, data, model, method, count(*) AS runs, sum(failed) AS failed_attempts
FROM missing
GROUP BY suite, profile, data, model, method
ORDER BY suite, profile, data, model, method""",
    ),
)
