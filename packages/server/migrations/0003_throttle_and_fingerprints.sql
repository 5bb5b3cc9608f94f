-- Who is slowed down, and what is known of visitors over all their sessions.

-- The throttle level of a session or of a visitor, as it was when it last changed or was last confirmed. A level that is not
-- set by hand cools down with time, so a row says when it was last deserved rather than what holds now.
CREATE TABLE {{table throttle_levels}} (
  project_id LowCardinality(String),
  subject_kind LowCardinality(String),
  subject_id String CODEC(ZSTD(1)),
  level UInt8,
  since DateTime64(3, 'UTC'),
  last_evidence DateTime64(3, 'UTC'),
  reason String CODEC(ZSTD(1)),
  criterion LowCardinality(String),
  set_by_hand_at Nullable(DateTime64(3, 'UTC')),
  version UInt64
) ENGINE = {{engine ReplacingMergeTree(version)}}
ORDER BY (project_id, subject_kind, subject_id);

{{distributed throttle_levels cityHash64(project_id, subject_id)}};

-- What a visitor did in one hour, recomputed as a whole from the raw tables whenever the hour has new rows. A visitor's
-- reputation is made from its hours: a lookup by visitor, where the raw tables, ordered by time and session, would have to be
-- read from end to end. minutes and minute_requests belong together, as do session_ids and session_last_seen.
CREATE TABLE {{table fingerprint_hours}} (
  project_id LowCardinality(String),
  fingerprint String CODEC(ZSTD(1)),
  hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
  version UInt64 CODEC(Delta, ZSTD(1)),
  first_seen DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  last_seen DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  requests UInt64 CODEC(T64, ZSTD(1)),
  peak_requests_per_minute UInt64 CODEC(T64, ZSTD(1)),
  minutes Array(UInt8) CODEC(ZSTD(1)),
  minute_requests Array(UInt64) CODEC(ZSTD(1)),
  session_ids Array(String) CODEC(ZSTD(1)),
  session_last_seen Array(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
  user_ids Array(String) CODEC(ZSTD(1)),
  last_ip String CODEC(ZSTD(1)),
  last_user_agent String CODEC(ZSTD(1))
) ENGINE = {{engine ReplacingMergeTree(version)}}
ORDER BY (project_id, fingerprint, hour)
SETTINGS index_granularity = 1024;

{{distributed fingerprint_hours cityHash64(project_id, fingerprint)}};

-- What is known of a visitor. The counters follow from its hours and are written anew as a whole; flag, score and incidents
-- are the outcome of what was concluded so far. Times of the last hour and of active sessions count back from last_seen.
CREATE TABLE {{table fingerprint_reputation}} (
  project_id LowCardinality(String),
  fingerprint String CODEC(ZSTD(1)),
  version UInt64 CODEC(Delta, ZSTD(1)),
  first_seen DateTime64(3, 'UTC'),
  last_seen DateTime64(3, 'UTC'),
  total_sessions UInt64,
  active_sessions UInt64,
  total_requests UInt64,
  requests_last_hour UInt64,
  peak_requests_per_minute UInt64,
  sustained_high_velocity_minutes UInt64,
  is_flagged Bool,
  flag_reason LowCardinality(String),
  flag_note String CODEC(ZSTD(1)),
  flagged_at Nullable(DateTime64(3, 'UTC')),
  reputation_score Float64,
  score_updated_at DateTime64(3, 'UTC'),
  abuse_incidents UInt64,
  last_incident_at Nullable(DateTime64(3, 'UTC')),
  last_ip String CODEC(ZSTD(1)),
  last_user_agent String CODEC(ZSTD(1)),
  associated_user_ids Array(String) CODEC(ZSTD(1))
) ENGINE = {{engine ReplacingMergeTree(version)}}
ORDER BY (project_id, fingerprint)
SETTINGS index_granularity = 1024;

{{distributed fingerprint_reputation cityHash64(project_id, fingerprint)}};
