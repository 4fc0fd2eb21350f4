/** The store's tables. A migration is never edited after its release: the next change is a new one at the end. */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  command TEXT NOT NULL,
  config TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed', 'stopped')),
  started INTEGER NOT NULL,
  ended INTEGER
) STRICT;

CREATE TABLE stages (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  stage TEXT NOT NULL,
  round INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed', 'stopped')),
  started INTEGER NOT NULL,
  ended INTEGER,
  seconds REAL NOT NULL DEFAULT 0,
  result TEXT,
  PRIMARY KEY (run, stage, round)
) STRICT, WITHOUT ROWID;

CREATE TABLE metrics (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  stage TEXT NOT NULL,
  round INTEGER NOT NULL,
  arm TEXT NOT NULL,
  step INTEGER NOT NULL,
  name TEXT NOT NULL,
  value REAL,
  PRIMARY KEY (run, stage, round, arm, step, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE episodes (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  stage TEXT NOT NULL,
  round INTEGER NOT NULL,
  arm TEXT NOT NULL,
  task TEXT NOT NULL,
  seed INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  instruction TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('success', 'failure', 'fault')),
  reason TEXT NOT NULL,
  reward REAL NOT NULL,
  duration REAL NOT NULL,
  UNIQUE (run, stage, round, arm, task, seed, attempt)
) STRICT;

CREATE TABLE steps (
  episode INTEGER NOT NULL REFERENCES episodes ON DELETE CASCADE,
  position INTEGER NOT NULL,
  page TEXT NOT NULL,
  prompt TEXT NOT NULL,
  completion TEXT NOT NULL,
  tokens BLOB NOT NULL,
  logprob REAL NOT NULL,
  thought TEXT NOT NULL,
  action TEXT NOT NULL,
  picture BLOB,
  PRIMARY KEY (episode, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE pairs (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  round INTEGER NOT NULL,
  task TEXT NOT NULL,
  seed INTEGER NOT NULL,
  step INTEGER NOT NULL,
  chosen_attempt INTEGER NOT NULL,
  rejected_attempt INTEGER NOT NULL,
  prompt TEXT NOT NULL,
  chosen TEXT NOT NULL,
  rejected TEXT NOT NULL,
  keep INTEGER NOT NULL DEFAULT 1 CHECK (keep IN (0, 1)),
  edited INTEGER NOT NULL DEFAULT 0 CHECK (edited IN (0, 1))
) STRICT;
CREATE INDEX pairs_of_round ON pairs (run, round);

CREATE TABLE checkpoints (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  stage TEXT NOT NULL,
  round INTEGER NOT NULL,
  arm TEXT NOT NULL,
  step INTEGER NOT NULL,
  file TEXT NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (run, stage, round, arm)
) STRICT, WITHOUT ROWID;
`,
  `
ALTER TABLE runs ADD COLUMN deleted INTEGER;

CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  time INTEGER NOT NULL,
  event TEXT NOT NULL
) STRICT;
CREATE INDEX events_of_run ON events (run, id);

CREATE INDEX metrics_by_name ON metrics (run, stage, round, arm, name, step, value);

CREATE TABLE reviewed_pairs (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  round INTEGER NOT NULL,
  task TEXT NOT NULL,
  seed INTEGER NOT NULL,
  step INTEGER NOT NULL,
  chosen_attempt INTEGER,
  rejected_attempt INTEGER,
  prompt TEXT NOT NULL,
  chosen TEXT NOT NULL,
  rejected TEXT NOT NULL,
  keep INTEGER NOT NULL DEFAULT 1 CHECK (keep IN (0, 1)),
  swapped INTEGER NOT NULL DEFAULT 0 CHECK (swapped IN (0, 1)),
  edited INTEGER NOT NULL DEFAULT 0 CHECK (edited IN (0, 1)),
  reviewed INTEGER NOT NULL DEFAULT 0 CHECK (reviewed IN (0, 1)),
  note TEXT NOT NULL DEFAULT ''
) STRICT;
INSERT INTO reviewed_pairs
  (id, run, round, task, seed, step, chosen_attempt, rejected_attempt, prompt, chosen, rejected, keep, edited)
  SELECT id, run, round, task, seed, step, chosen_attempt, rejected_attempt, prompt, chosen, rejected, keep, edited
  FROM pairs;
DROP TABLE pairs;
ALTER TABLE reviewed_pairs RENAME TO pairs;
CREATE INDEX pairs_of_round ON pairs (run, round);

CREATE TABLE pair_edits (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  round INTEGER NOT NULL,
  time INTEGER NOT NULL,
  kind TEXT NOT NULL,
  reverts INTEGER REFERENCES pair_edits,
  changes TEXT NOT NULL
) STRICT;
CREATE INDEX pair_edits_of_round ON pair_edits (run, round, id);

CREATE TABLE preference_files (
  path TEXT PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  round INTEGER NOT NULL,
  digest TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`,
  `
ALTER TABLE pairs ADD COLUMN margin REAL;
UPDATE pairs SET margin =
  (SELECT logprob FROM episodes JOIN steps ON steps.episode = episodes.id
   WHERE episodes.run = pairs.run AND stage = 'collect' AND episodes.round = pairs.round AND arm = ''
     AND episodes.task = pairs.task AND episodes.seed = pairs.seed AND attempt = chosen_attempt
     AND position = pairs.step AND completion = chosen)
  - (SELECT logprob FROM episodes JOIN steps ON steps.episode = episodes.id
   WHERE episodes.run = pairs.run AND stage = 'collect' AND episodes.round = pairs.round AND arm = ''
     AND episodes.task = pairs.task AND episodes.seed = pairs.seed AND attempt = rejected_attempt
     AND position = pairs.step AND completion = rejected);

CREATE INDEX steps_of_episode ON steps (episode);
`,
  `
ALTER TABLE pairs ADD COLUMN policy_margin REAL;
`,
  `
ALTER TABLE steps ADD COLUMN box TEXT NOT NULL DEFAULT 'null';
`,
  `
CREATE TABLE tracked (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  stage TEXT NOT NULL,
  round INTEGER NOT NULL,
  arm TEXT NOT NULL,
  place TEXT NOT NULL,
  id TEXT,
  step INTEGER NOT NULL,
  time INTEGER NOT NULL,
  ended INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1)),
  PRIMARY KEY (run, stage, round, arm, place)
) STRICT, WITHOUT ROWID;
`,
  `
CREATE TABLE metric_buckets (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  stage TEXT NOT NULL,
  round INTEGER NOT NULL,
  arm TEXT NOT NULL,
  name TEXT NOT NULL,
  bucket INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  numbers INTEGER NOT NULL,
  sum REAL NOT NULL,
  low REAL,
  high REAL,
  PRIMARY KEY (run, stage, round, arm, name, bucket)
) STRICT, WITHOUT ROWID;

INSERT INTO metric_buckets
  SELECT run, stage, round, arm, name, step / 32, min(step), max(step), count(value), total(value), min(value), max(value)
  FROM metrics GROUP BY run, stage, round, arm, name, step / 32;

CREATE TRIGGER metrics_into_buckets AFTER INSERT ON metrics BEGIN
  INSERT OR REPLACE INTO metric_buckets
    SELECT run, stage, round, arm, name, step / 32, min(step), max(step), count(value), total(value), min(value), max(value)
    FROM metrics WHERE run = new.run AND stage = new.stage AND round = new.round AND arm = new.arm AND name = new.name
      AND step BETWEEN new.step / 32 * 32 AND new.step / 32 * 32 + 31
    GROUP BY step / 32;
END;

CREATE INDEX episodes_by_group ON episodes (run, stage, round, arm, task, outcome);
`,
  `
ALTER TABLE runs ADD COLUMN collection TEXT NOT NULL DEFAULT 'null';
`,
  // How an episode ended: a failure's reason by name, a fault as a message in JSON. Both were English texts before.
  `
ALTER TABLE episodes RENAME COLUMN reason TO cause;
ALTER TABLE episodes ADD COLUMN reason TEXT;
ALTER TABLE episodes ADD COLUMN fault TEXT;
UPDATE episodes SET reason = CASE cause
    WHEN 'impossible: the element is gone' THEN 'gone'
    WHEN 'impossible: the element is disabled' THEN 'disabled'
    WHEN 'impossible: something else covers the element' THEN 'covered'
    WHEN 'impossible: the element takes no text' THEN 'noText'
    WHEN 'impossible: the field cannot be changed' THEN 'readOnly'
    WHEN 'impossible: the field does not take the focus' THEN 'noFocus'
    WHEN 'impossible: the element has no options' THEN 'noOptions'
    WHEN 'impossible: there is no such option' THEN 'noSuchOption'
    WHEN 'impossible: the option cannot be chosen' THEN 'optionDisabled'
    ELSE iif(cause IN ('steps', 'length', 'form', 'verb', 'key', 'argument', 'ref', 'mismatch', 'option'), cause, 'wrong')
  END WHERE outcome = 'failure';
UPDATE episodes SET fault = json_object('id', 'verbatim', 'values', json_object('text', cause)) WHERE outcome = 'fault';
ALTER TABLE episodes DROP COLUMN cause;
`,
  `
CREATE TABLE training_sets (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  round INTEGER NOT NULL,
  collection_run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  collection_round INTEGER NOT NULL,
  edit INTEGER NOT NULL,
  PRIMARY KEY (run, round)
) STRICT, WITHOUT ROWID;

ALTER TABLE preference_files ADD COLUMN edit INTEGER;
`,
  // Columns by which lists of episodes are sorted and searched.
  `
ALTER TABLE episodes ADD COLUMN steps INTEGER NOT NULL DEFAULT 0;
UPDATE episodes SET steps = (SELECT count(*) FROM steps WHERE episode = episodes.id);
CREATE INDEX episodes_by_task ON episodes (task);
CREATE INDEX episodes_by_seed ON episodes (seed);
CREATE INDEX episodes_by_steps ON episodes (steps);
CREATE INDEX episodes_by_duration ON episodes (duration);
CREATE INDEX episodes_by_instruction ON episodes (instruction, run);
`,
  // The id of a pair is never used again, because corrections name pairs by it. Corrections of pairs that are gone are
  // deleted: undoing them would change other pairs.
  `
CREATE TABLE lasting_pairs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  round INTEGER NOT NULL,
  task TEXT NOT NULL,
  seed INTEGER NOT NULL,
  step INTEGER NOT NULL,
  chosen_attempt INTEGER,
  rejected_attempt INTEGER,
  prompt TEXT NOT NULL,
  chosen TEXT NOT NULL,
  rejected TEXT NOT NULL,
  keep INTEGER NOT NULL DEFAULT 1 CHECK (keep IN (0, 1)),
  swapped INTEGER NOT NULL DEFAULT 0 CHECK (swapped IN (0, 1)),
  edited INTEGER NOT NULL DEFAULT 0 CHECK (edited IN (0, 1)),
  reviewed INTEGER NOT NULL DEFAULT 0 CHECK (reviewed IN (0, 1)),
  note TEXT NOT NULL DEFAULT '',
  margin REAL,
  policy_margin REAL
) STRICT;
INSERT INTO lasting_pairs SELECT id, run, round, task, seed, step, chosen_attempt, rejected_attempt, prompt, chosen,
  rejected, keep, swapped, edited, reviewed, note, margin, policy_margin FROM pairs;
DROP TABLE pairs;
ALTER TABLE lasting_pairs RENAME TO pairs;
CREATE INDEX pairs_of_round ON pairs (run, round);

DELETE FROM sqlite_sequence WHERE name = 'pairs';
INSERT INTO sqlite_sequence (name, seq) SELECT 'pairs', max(
  (SELECT coalesce(max(id), 0) FROM pairs),
  (SELECT coalesce(max(change.value ->> '$.pair'), 0) FROM pair_edits, json_each(changes) AS change));

DELETE FROM pair_edits WHERE EXISTS (
  SELECT 1 FROM json_each(changes) AS change WHERE NOT EXISTS (
    SELECT 1 FROM pairs
    WHERE id = change.value ->> '$.pair' AND run = pair_edits.run AND round = pair_edits.round));
`,
  // The golden samples that each run learns from. The digest, SHA-256, is the fingerprint of a set.
  `
CREATE TABLE golden_sets (
  digest TEXT NOT NULL UNIQUE,
  samples TEXT NOT NULL
) STRICT;
ALTER TABLE runs ADD COLUMN golden TEXT;
`,
  // What was sent of a run that is deleted for good, and not ended there.
  `
CREATE TABLE tracked_left (
  place TEXT NOT NULL,
  id TEXT NOT NULL,
  time INTEGER NOT NULL,
  PRIMARY KEY (place, id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER tracked_is_left AFTER DELETE ON tracked WHEN old.id IS NOT NULL AND NOT old.ended
BEGIN
  INSERT OR REPLACE INTO tracked_left (place, id, time) VALUES (old.place, old.id, old.time);
END;
`,
  // Keys of a user's own in the line that a pair was imported from, as a JSON object.
  `
ALTER TABLE pairs ADD COLUMN columns TEXT;
`,
  // The messages before the user's in the prompts of a run, a JSON list. Earlier runs had no choice of prompts.
  `
ALTER TABLE runs ADD COLUMN prompt TEXT;
UPDATE runs SET config = json_set(config, '$.model.prompt', 'compact') WHERE json_type(config, '$.model') = 'object';
`,
  // Studies: plans of several trainings, and the members that they consist of. What is planned stays where a run is deleted.
  `
CREATE TABLE studies (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  plan TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paused', 'cancelled')),
  place INTEGER NOT NULL,
  created INTEGER NOT NULL
) STRICT;

CREATE TABLE study_members (
  study INTEGER NOT NULL REFERENCES studies ON DELETE CASCADE,
  member INTEGER NOT NULL,
  variant TEXT NOT NULL,
  seed INTEGER NOT NULL,
  config TEXT NOT NULL,
  place INTEGER NOT NULL,
  cancelled INTEGER NOT NULL DEFAULT 0 CHECK (cancelled IN (0, 1)),
  run INTEGER REFERENCES runs ON DELETE SET NULL,
  PRIMARY KEY (study, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX study_members_by_run ON study_members (run);
`,
  // What people write about runs.
  `
CREATE TABLE run_labels (
  run INTEGER PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
  title TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE run_tags (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (run, tag)
) STRICT, WITHOUT ROWID;
`,
  // The machine that played an episode, where several play for a run.
  `
CREATE TABLE machines (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  engine TEXT NOT NULL,
  kind TEXT NOT NULL,
  UNIQUE (name, engine, kind)
) STRICT;
ALTER TABLE episodes ADD COLUMN machine INTEGER REFERENCES machines;
`,
  // Lists of episodes are searched in answers and actions too. An index is much shorter than the steps with their pages.
  `
CREATE INDEX steps_by_completion ON steps (completion);
`,
  // What annotators think of pairs, apart from the corrections that training reads.
  `
CREATE TABLE pair_judgements (
  pair INTEGER NOT NULL REFERENCES pairs ON DELETE CASCADE,
  annotator TEXT NOT NULL CHECK (annotator <> ''),
  verdict TEXT NOT NULL CHECK (verdict IN ('keep', 'drop', 'swap')),
  time INTEGER NOT NULL,
  PRIMARY KEY (pair, annotator)
) STRICT, WITHOUT ROWID;
`,
  // The window that made a correction: undo takes none of another window.
  `
ALTER TABLE pair_edits ADD COLUMN author TEXT;
`,
  // Counts and orders of labs with a hundred thousand pairs and half a million episodes.
  `
CREATE INDEX pairs_by_review ON pairs (run, round, task, keep, swapped, edited, reviewed);
CREATE INDEX pairs_by_margin ON pairs (run, round, margin);
CREATE INDEX episodes_by_run ON episodes (run);
CREATE INDEX episodes_by_outcome ON episodes (outcome);
CREATE INDEX episodes_by_reason ON episodes (coalesce(reason, fault));

CREATE TABLE episode_counts (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  stage TEXT NOT NULL,
  round INTEGER NOT NULL,
  arm TEXT NOT NULL,
  task TEXT NOT NULL,
  outcome TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (run, stage, round, arm, task, outcome)
) STRICT, WITHOUT ROWID;

INSERT INTO episode_counts
  SELECT run, stage, round, arm, task, outcome, count(*) FROM episodes GROUP BY run, stage, round, arm, task, outcome;

CREATE TRIGGER episodes_counted AFTER INSERT ON episodes BEGIN
  INSERT INTO episode_counts VALUES (new.run, new.stage, new.round, new.arm, new.task, new.outcome, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER episodes_uncounted AFTER DELETE ON episodes BEGIN
  UPDATE episode_counts SET n = n - 1 WHERE run = old.run AND stage = old.stage AND round = old.round AND arm = old.arm
    AND task = old.task AND outcome = old.outcome;
END;
`,
  // Every instruction and answer once, however many episodes have it: what a search of episodes looks through. And the ways to the
  // attempts at a problem, and to the ends of a task. Groups by outcome are counted as episodes come since the step before.
  `
CREATE TABLE episode_texts (
  text TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
INSERT INTO episode_texts SELECT completion FROM steps UNION SELECT instruction FROM episodes;

CREATE TRIGGER instructions_searched AFTER INSERT ON episodes BEGIN
  INSERT INTO episode_texts VALUES (new.instruction) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER answers_searched AFTER INSERT ON steps BEGIN
  INSERT INTO episode_texts VALUES (new.completion) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER instructions_forgotten AFTER DELETE ON episodes BEGIN
  DELETE FROM episode_texts WHERE text = old.instruction
    AND NOT EXISTS (SELECT 1 FROM episodes WHERE instruction = text) AND NOT EXISTS (SELECT 1 FROM steps WHERE completion = text);
END;
CREATE TRIGGER answers_forgotten AFTER DELETE ON steps BEGIN
  DELETE FROM episode_texts WHERE text = old.completion
    AND NOT EXISTS (SELECT 1 FROM steps WHERE completion = text) AND NOT EXISTS (SELECT 1 FROM episodes WHERE instruction = text);
END;

DROP INDEX episodes_by_group;
CREATE INDEX episodes_by_problem ON episodes (run, stage, task, seed, round, arm, attempt, outcome);
CREATE INDEX episodes_by_ending ON episodes (task, run, stage, round, arm, outcome, reason);
`,
]
