-- What is out of the ordinary: limits, what was found, and what is normal by the hour.

-- Limits that a project set itself; without limits the defaults hold again.
CREATE TABLE {{table anomaly_thresholds}} (
  project_id LowCardinality(String),
  metric LowCardinality(String),
  warning Nullable(Float64),
  critical Nullable(Float64),
  updated_at DateTime64(3, 'UTC'),
  version UInt64
) ENGINE = {{engine ReplacingMergeTree(version)}}
ORDER BY (project_id, metric);

{{distributed anomaly_thresholds cityHash64(project_id)}};

-- One row per anomaly. value is the worst one measured while it lasted, expected what it was compared with then.
CREATE TABLE {{table anomalies}} (
  project_id LowCardinality(String),
  anomaly_id String,
  metric LowCardinality(String),
  dimension LowCardinality(String),
  dimension_value String,
  method LowCardinality(String),
  level LowCardinality(String),
  value Float64,
  expected Nullable(Float64),
  opened_at DateTime64(3, 'UTC'),
  last_seen_at DateTime64(3, 'UTC'),
  resolved_at Nullable(DateTime64(3, 'UTC')),
  message String,
  version UInt64
) ENGINE = {{engine ReplacingMergeTree(version)}}
ORDER BY (project_id, anomaly_id);

{{distributed anomalies cityHash64(project_id)}};

-- Hours to compare with. Rows of one hour add up: every flush, of whichever node, writes what came since the last one.
-- total is in picodollars, tokens or requests, exact. Old hours are deleted by the program and not by a TTL: the engine's TTL
-- goes by the machine's clock, whatever time the events bear.
CREATE TABLE {{table metric_history}} (
  project_id LowCardinality(String),
  metric LowCardinality(String),
  dimension LowCardinality(String),
  dimension_value String,
  bucket DateTime('UTC'),
  samples UInt64,
  total Int128
) ENGINE = {{engine SummingMergeTree}}
PARTITION BY toMonday(bucket)
ORDER BY (project_id, metric, dimension, dimension_value, bucket);

{{distributed metric_history cityHash64(project_id)}};
