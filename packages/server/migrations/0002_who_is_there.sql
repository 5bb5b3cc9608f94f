-- Who is there: requests of web servers, visitors, and what is concluded about a session. Columns that say where a visitor
-- came from stand in the events that opened a session only; everywhere else they keep their defaults and take no room.
-- query_role is what a query says that is not stored: 'probe' for one that looks for weaknesses, 'feed' for one that asks for a feed.
-- arrival orders events of the same millisecond as they arrived; access logs have whole seconds.

{{extend analytics_events}}
  ADD COLUMN IF NOT EXISTS visitor_id String,
  ADD COLUMN IF NOT EXISTS query_role LowCardinality(String),
  ADD COLUMN IF NOT EXISTS arrival UInt64 CODEC(Delta, ZSTD(1)),
  ADD COLUMN IF NOT EXISTS method LowCardinality(String),
  ADD COLUMN IF NOT EXISTS status_code UInt16,
  ADD COLUMN IF NOT EXISTS response_bytes Nullable(UInt64),
  ADD COLUMN IF NOT EXISTS duration_ms Nullable(Float64),
  ADD COLUMN IF NOT EXISTS is_origin Bool,
  ADD COLUMN IF NOT EXISTS locale LowCardinality(String),
  ADD COLUMN IF NOT EXISTS device_type LowCardinality(String),
  ADD COLUMN IF NOT EXISTS browser LowCardinality(String),
  ADD COLUMN IF NOT EXISTS browser_version LowCardinality(String),
  ADD COLUMN IF NOT EXISTS os LowCardinality(String),
  ADD COLUMN IF NOT EXISTS country LowCardinality(String),
  ADD COLUMN IF NOT EXISTS region LowCardinality(String),
  ADD COLUMN IF NOT EXISTS city LowCardinality(String),
  ADD COLUMN IF NOT EXISTS asn UInt32,
  ADD COLUMN IF NOT EXISTS network LowCardinality(String),
  ADD COLUMN IF NOT EXISTS hosting Bool,
  ADD COLUMN IF NOT EXISTS referrer_host LowCardinality(String),
  ADD COLUMN IF NOT EXISTS referrer_source LowCardinality(String),
  ADD COLUMN IF NOT EXISTS channel LowCardinality(String),
  ADD COLUMN IF NOT EXISTS utm_source LowCardinality(String),
  ADD COLUMN IF NOT EXISTS utm_medium LowCardinality(String),
  ADD COLUMN IF NOT EXISTS utm_campaign LowCardinality(String),
  ADD COLUMN IF NOT EXISTS utm_term LowCardinality(String),
  ADD COLUMN IF NOT EXISTS utm_content LowCardinality(String),
  ADD COLUMN IF NOT EXISTS click_id LowCardinality(String);

{{extend engagement_events}}
  ADD COLUMN IF NOT EXISTS visitor_id String,
  ADD COLUMN IF NOT EXISTS query_role LowCardinality(String);

-- Requests that a web server answered and that are no page views: assets, errors, robots.txt, everything a program asks for.
CREATE TABLE {{table http_requests}} (
  project_id LowCardinality(String),
  event_id String CODEC(ZSTD(1)),
  timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  version UInt64 CODEC(Delta, ZSTD(1)),
  key_id LowCardinality(String),
  session_id String CODEC(ZSTD(1)),
  session_id_source LowCardinality(String),
  user_id String CODEC(ZSTD(1)),
  context_id String CODEC(ZSTD(1)),
  task_id String CODEC(ZSTD(1)),
  agent LowCardinality(String),
  trace_id String CODEC(ZSTD(1)),
  span_id String CODEC(ZSTD(1)),
  parent_span_id String CODEC(ZSTD(1)),
  fingerprint String CODEC(ZSTD(1)),
  ip String CODEC(ZSTD(1)),
  user_agent String CODEC(ZSTD(1)),
  properties Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  visitor_id String CODEC(ZSTD(1)),
  request_kind LowCardinality(String),
  method LowCardinality(String),
  page_url String CODEC(ZSTD(1)),
  page_path String CODEC(ZSTD(1)),
  page_host LowCardinality(String),
  query_role LowCardinality(String),
  arrival UInt64 CODEC(Delta, ZSTD(1)),
  referrer String CODEC(ZSTD(1)),
  status_code UInt16,
  response_bytes Nullable(UInt64) CODEC(ZSTD(1)),
  duration_ms Nullable(Float64) CODEC(ZSTD(1)),
  is_origin Bool,
  locale LowCardinality(String),
  device_type LowCardinality(String),
  browser LowCardinality(String),
  browser_version LowCardinality(String),
  os LowCardinality(String),
  country LowCardinality(String),
  region LowCardinality(String),
  city LowCardinality(String),
  asn UInt32,
  network LowCardinality(String),
  hosting Bool,
  referrer_host LowCardinality(String),
  referrer_source LowCardinality(String),
  channel LowCardinality(String),
  utm_source LowCardinality(String),
  utm_medium LowCardinality(String),
  utm_campaign LowCardinality(String),
  utm_term LowCardinality(String),
  utm_content LowCardinality(String),
  click_id LowCardinality(String)
) ENGINE = {{engine ReplacingMergeTree(version)}}
PARTITION BY toMonday(timestamp)
PRIMARY KEY (project_id, toDate(timestamp), session_id)
ORDER BY (project_id, toDate(timestamp), session_id, timestamp, event_id)
SETTINGS min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

{{distributed http_requests cityHash64(project_id, session_id)}};

-- What was done to a session besides the events in it: created, touched, ended, converted, migrated, merged into another.
-- origin is what was known of the visitor when the session was created, as a JSON object of columns of user_sessions.
CREATE TABLE {{table session_changes}} (
  project_id LowCardinality(String),
  session_id String,
  changed_at DateTime64(3, 'UTC'),
  change LowCardinality(String),
  user_id String,
  merged_into String,
  source LowCardinality(String),
  origin String,
  version UInt64
) ENGINE = {{engine ReplacingMergeTree(version)}}
ORDER BY (project_id, session_id, change, changed_at);

{{distributed session_changes cityHash64(project_id, session_id)}};

-- The day's random salt of cookieless visitors. A salt is destroyed when its day and the bridge over midnight are over;
-- then nothing can tell any more whose hash a visitor is.
CREATE TABLE {{table visitor_salts}} (
  day Date,
  salt String,
  created_at DateTime64(3, 'UTC'),
  version UInt64
) ENGINE = {{engine ReplacingMergeTree(version)}}
ORDER BY day
SETTINGS old_parts_lifetime = 1;

{{distributed visitor_salts toUInt64(day)}};

-- What is concluded about a session from what its visitor did, layer by layer. Recomputed from the events whenever the
-- session has new ones, and by `bots rescore` when the rules changed.
CREATE TABLE {{table session_verdicts}} (
  project_id LowCardinality(String),
  session_id String,
  version UInt64,
  computed_at DateTime64(3, 'UTC'),
  is_bot Bool,
  is_ai_crawler Bool,
  is_scanner Bool,
  is_behavioral_bot Bool,
  is_layered_bot Bool,
  bot_name LowCardinality(String),
  bot_category LowCardinality(String),
  bot_vendor LowCardinality(String),
  bot_purpose LowCardinality(String),
  behavioral_bot_score UInt32,
  behavioral_signals Array(LowCardinality(String)),
  behavioral_reason String,
  layered_score Float64,
  declared_points Float64,
  declared_reason String,
  ai_crawler_points Float64,
  ai_crawler_reason String,
  scanner_points Float64,
  scanner_reason String,
  network_points Float64,
  network_reason String,
  client_points Float64,
  client_reason String,
  robots_points Float64,
  robots_reason String,
  browser_age_points Float64,
  browser_age_reason String,
  timing_points Float64,
  timing_reason String,
  navigation_points Float64,
  navigation_reason String
) ENGINE = {{engine ReplacingMergeTree(version)}}
ORDER BY (project_id, session_id);

{{distributed session_verdicts cityHash64(project_id, session_id)}};

-- What a person said about a session; it wins over every rule until it is taken back (the empty mark).
CREATE TABLE {{table session_marks}} (
  project_id LowCardinality(String),
  session_id String,
  mark LowCardinality(String),
  note String,
  marked_at DateTime64(3, 'UTC'),
  version UInt64
) ENGINE = {{engine ReplacingMergeTree(version)}}
ORDER BY (project_id, session_id);

{{distributed session_marks cityHash64(project_id, session_id)}};

{{extend user_sessions}}
  ADD COLUMN IF NOT EXISTS first_activity_at DateTime64(3, 'UTC'),
  ADD COLUMN IF NOT EXISTS visitor_id String,
  ADD COLUMN IF NOT EXISTS fingerprint String,
  ADD COLUMN IF NOT EXISTS ip String,
  ADD COLUMN IF NOT EXISTS user_agent String,
  ADD COLUMN IF NOT EXISTS locale LowCardinality(String),
  ADD COLUMN IF NOT EXISTS device_type LowCardinality(String),
  ADD COLUMN IF NOT EXISTS browser LowCardinality(String),
  ADD COLUMN IF NOT EXISTS browser_version LowCardinality(String),
  ADD COLUMN IF NOT EXISTS os LowCardinality(String),
  ADD COLUMN IF NOT EXISTS country LowCardinality(String),
  ADD COLUMN IF NOT EXISTS region LowCardinality(String),
  ADD COLUMN IF NOT EXISTS city LowCardinality(String),
  ADD COLUMN IF NOT EXISTS asn UInt32,
  ADD COLUMN IF NOT EXISTS network LowCardinality(String),
  ADD COLUMN IF NOT EXISTS hosting Bool,
  ADD COLUMN IF NOT EXISTS referrer_host LowCardinality(String),
  ADD COLUMN IF NOT EXISTS referrer_source LowCardinality(String),
  ADD COLUMN IF NOT EXISTS channel LowCardinality(String),
  ADD COLUMN IF NOT EXISTS utm_source LowCardinality(String),
  ADD COLUMN IF NOT EXISTS utm_medium LowCardinality(String),
  ADD COLUMN IF NOT EXISTS utm_campaign LowCardinality(String),
  ADD COLUMN IF NOT EXISTS utm_term LowCardinality(String),
  ADD COLUMN IF NOT EXISTS utm_content LowCardinality(String),
  ADD COLUMN IF NOT EXISTS click_id LowCardinality(String),
  ADD COLUMN IF NOT EXISTS entry_url String,
  ADD COLUMN IF NOT EXISTS entry_page String,
  ADD COLUMN IF NOT EXISTS exit_page String,
  ADD COLUMN IF NOT EXISTS web_events UInt64,
  ADD COLUMN IF NOT EXISTS http_requests UInt64,
  ADD COLUMN IF NOT EXISTS asset_requests UInt64,
  ADD COLUMN IF NOT EXISTS failed_http_requests UInt64,
  ADD COLUMN IF NOT EXISTS custom_events UInt64,
  ADD COLUMN IF NOT EXISTS conversions UInt64,
  ADD COLUMN IF NOT EXISTS engagements UInt64,
  ADD COLUMN IF NOT EXISTS ended_at Nullable(DateTime64(3, 'UTC')),
  ADD COLUMN IF NOT EXISTS converted_at Nullable(DateTime64(3, 'UTC')),
  ADD COLUMN IF NOT EXISTS mark LowCardinality(String),
  ADD COLUMN IF NOT EXISTS traffic_class LowCardinality(String),
  ADD COLUMN IF NOT EXISTS is_ghost Bool,
  ADD COLUMN IF NOT EXISTS is_bot Bool,
  ADD COLUMN IF NOT EXISTS is_ai_crawler Bool,
  ADD COLUMN IF NOT EXISTS is_scanner Bool,
  ADD COLUMN IF NOT EXISTS is_behavioral_bot Bool,
  ADD COLUMN IF NOT EXISTS is_layered_bot Bool,
  ADD COLUMN IF NOT EXISTS bot_name LowCardinality(String),
  ADD COLUMN IF NOT EXISTS bot_category LowCardinality(String),
  ADD COLUMN IF NOT EXISTS bot_vendor LowCardinality(String),
  ADD COLUMN IF NOT EXISTS bot_purpose LowCardinality(String),
  ADD COLUMN IF NOT EXISTS behavioral_bot_score UInt32,
  ADD COLUMN IF NOT EXISTS behavioral_signals Array(LowCardinality(String)),
  ADD COLUMN IF NOT EXISTS behavioral_reason String,
  ADD COLUMN IF NOT EXISTS layered_score Float64,
  ADD COLUMN IF NOT EXISTS declared_points Float64,
  ADD COLUMN IF NOT EXISTS declared_reason String,
  ADD COLUMN IF NOT EXISTS ai_crawler_points Float64,
  ADD COLUMN IF NOT EXISTS ai_crawler_reason String,
  ADD COLUMN IF NOT EXISTS scanner_points Float64,
  ADD COLUMN IF NOT EXISTS scanner_reason String,
  ADD COLUMN IF NOT EXISTS network_points Float64,
  ADD COLUMN IF NOT EXISTS network_reason String,
  ADD COLUMN IF NOT EXISTS client_points Float64,
  ADD COLUMN IF NOT EXISTS client_reason String,
  ADD COLUMN IF NOT EXISTS robots_points Float64,
  ADD COLUMN IF NOT EXISTS robots_reason String,
  ADD COLUMN IF NOT EXISTS browser_age_points Float64,
  ADD COLUMN IF NOT EXISTS browser_age_reason String,
  ADD COLUMN IF NOT EXISTS timing_points Float64,
  ADD COLUMN IF NOT EXISTS timing_reason String,
  ADD COLUMN IF NOT EXISTS navigation_points Float64,
  ADD COLUMN IF NOT EXISTS navigation_reason String;
