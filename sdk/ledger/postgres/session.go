package postgres

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// oldest is the first version of PostgreSQL that is taken, as server_version_num.
	oldest = 130000
	// The server ends a session whose client is silent for keepaliveIdle + keepaliveCount*keepaliveInterval
	// (11 s): so long a process on a machine that vanished counts as alive.
	keepaliveIdle     = 5 * time.Second
	keepaliveInterval = 2 * time.Second
	keepaliveCount    = 3
	// idleLimit ends a transaction of a process that was stopped between its two messages, so that its
	// locks do not hold up others for ever.
	idleLimit = 10 * time.Second
)

// settings prepare a session for this package, whatever the role, the database or the server would have it
// be. synchronous_commit stays where it is stronger than on.
const settings = `select
 set_config('search_path', $1, false),
 set_config('synchronous_commit', case current_setting('synchronous_commit') when 'remote_apply' then 'remote_apply' else 'on' end, false),
 set_config('default_transaction_isolation', 'read committed', false),
 set_config('default_transaction_deferrable', 'off', false),
 set_config('statement_timeout', $2, false),
 set_config('lock_timeout', '0', false),
 set_config('idle_in_transaction_session_timeout', $3, false),
 set_config('tcp_keepalives_idle', $4, false),
 set_config('tcp_keepalives_interval', $5, false),
 set_config('tcp_keepalives_count', $6, false),
 set_config('tcp_user_timeout', $7, false)`

// serverFacts are what a session tells of its server.
type serverFacts struct {
	version  int
	pid      uint32
	backends int64
	fsync    bool
	pages    bool // full_page_writes
	pooled   bool // the server's pid is not the one that was announced: there is a proxy between
}

// prepare makes a fresh session ready, and refuses one that cannot write.
func (s *Store) prepare(ctx context.Context, c *pgx.Conn) error {
	_, err := s.inspect(ctx, c)
	return err
}

func (s *Store) inspect(ctx context.Context, c *pgx.Conn) (serverFacts, error) {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	milliseconds := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	seconds := func(d time.Duration) string { return strconv.FormatInt(int64(d.Seconds()), 10) }
	// Statements get a little less than operations, so that the server answers before it is given up.
	// The simple protocol: these run once, and a proxy may not know prepared statements.
	if _, err := c.Exec(ctx, settings, pgx.QueryExecModeSimpleProtocol, pgx.Identifier{s.schema}.Sanitize()+", pg_temp", milliseconds(s.limit-s.limit/10), milliseconds(idleLimit),
		seconds(keepaliveIdle), seconds(keepaliveInterval), strconv.Itoa(keepaliveCount),
		milliseconds(keepaliveIdle+keepaliveCount*keepaliveInterval)); err != nil {
		return serverFacts{}, err
	}
	var f serverFacts
	var standby, readOnly bool
	err := c.QueryRow(ctx, `select current_setting('server_version_num')::int, pg_backend_pid()::bigint, current_setting('max_connections')::bigint,
 current_setting('fsync')::bool, current_setting('full_page_writes')::bool, pg_is_in_recovery(), current_setting('transaction_read_only')::bool`,
		pgx.QueryExecModeSimpleProtocol).Scan(&f.version, &f.pid, &f.backends, &f.fsync, &f.pages, &standby, &readOnly)
	if err != nil {
		return serverFacts{}, err
	}
	f.pooled = f.pid != c.PgConn().PID()
	if standby || readOnly {
		return f, errStandby
	}
	return f, nil
}

// warned is where a session keeps that a commit was reported although a standby had not confirmed it.
const warned = "idrec.warned"

// notice hears the server's warnings. A commit whose wait for a standby was cut short by a timeout or a
// shutdown is reported as made, with a warning; a failover could lose it.
func notice(c *pgconn.PgConn, n *pgconn.Notice) {
	level := n.SeverityUnlocalized
	if level == "" {
		level = n.Severity
	}
	if level == "WARNING" && (n.Code == "01000" || n.Code == "57P01") {
		c.CustomData()[warned] = true
	}
}

// unconfirmed reports whether the last commit came with such a warning, and forgets it.
func unconfirmed(c *pgx.Conn) bool {
	data := c.PgConn().CustomData()
	was := data[warned] != nil
	delete(data, warned)
	return was
}
