package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
)

const (
	// dialLimit bounds one connection where the address says nothing.
	dialLimit = 5 * time.Second
	// digestKeySize is that of HMAC-SHA-256.
	digestKeySize = 32
)

// Open opens the record in the database that dsn names (a URL or keywords, as libpq takes them; TLS as
// sslmode says), makes its schema if need be, and becomes an owner.
//
// The error is a *[shared.Error]: [shared.CodeConfigurationInvalid] where somebody has to change something
// (address, password, rights, another key, a newer version, a proxy that shares sessions),
// [shared.CodeLedgerUnavailable] where the database cannot be used now. Neither the address nor the
// password is in its text.
func Open(ctx context.Context, dsn string, keys *seal.Ring, opts Options) (*Store, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		// The cause quotes the address.
		return nil, misconfigured("the ledger's address is not one of PostgreSQL: write postgres://USER@HOST/DATABASE")
	}
	s := &Store{schema: opts.Schema, limit: opts.Timeout, keys: keys}
	if s.schema == "" {
		s.schema = DefaultSchema
	}
	if s.limit <= 0 {
		s.limit = DefaultTimeout
	}
	s.news.more, s.answered.more = make(chan struct{}, 1), make(chan struct{}, 1)
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.configure(config, opts)
	if err := s.open(ctx, config); err != nil {
		s.stop()
		s.wg.Wait()
		if s.pool != nil {
			s.pool.Close()
		}
		if otherSession(err) {
			err = pooled()
		}
		return nil, refusal(wrap(ctx, err))
	}
	return s, nil
}

func (s *Store) configure(config *pgxpool.Config, opts Options) {
	cc := config.ConnConfig
	if cc.ConnectTimeout == 0 {
		cc.ConnectTimeout = dialLimit
	}
	dialer := &net.Dialer{Timeout: cc.ConnectTimeout, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: keepaliveIdle, Interval: keepaliveInterval, Count: keepaliveCount}}
	cc.DialFunc = dialer.DialContext
	cc.OnNotice = notice
	if cc.RuntimeParams["application_name"] == "" {
		cc.RuntimeParams["application_name"] = "idrec"
	}
	if config.MaxConns == defaultPoolSize() {
		config.MaxConns = DefaultMaxConns
		if opts.MaxConns > 0 {
			config.MaxConns = int32(opts.MaxConns)
		}
	}
	config.PingTimeout = s.limit
	// A dead connection is noticed by its use, and the operation made again; asking first would cost a
	// round trip each time.
	config.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
	config.AfterConnect = s.prepare
	s.config = cc.Copy()
}

// defaultPoolSize is what pgxpool takes where the address says nothing.
func defaultPoolSize() int32 {
	c, err := pgxpool.ParseConfig("")
	if err != nil {
		return 0
	}
	return c.MaxConns
}

func (s *Store) open(ctx context.Context, config *pgxpool.Config) error {
	limited, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	first, err := pgx.ConnectConfig(limited, s.config)
	if err != nil {
		return err
	}
	defer func() { _ = first.Close(context.WithoutCancel(ctx)) }()
	facts, err := s.inspect(limited, first)
	if err != nil {
		return err
	}
	if facts.version < oldest {
		return misconfigured(fmt.Sprintf("the ledger's database is PostgreSQL %d: use 13 or newer", facts.version/10_000))
	}
	if facts.pooled {
		if err := notPooled(limited, first, s.connect); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
	}
	s.backends = facts.backends
	if !facts.fsync {
		s.warnings = append(s.warnings, "the database runs with fsync = off: a crash of its machine loses what it has acknowledged")
	}
	if facts.fsync && !facts.pages {
		s.warnings = append(s.warnings, "the database runs with full_page_writes = off: a crash of its machine can damage the ledger")
	}
	if err := s.migrate(ctx, first); err != nil {
		return err
	}
	if err := s.unlockDigests(ctx, first); err != nil {
		return err
	}
	if s.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return err
	}
	return s.own(ctx)
}

// connect opens a connection outside of the pool.
func (s *Store) connect(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	c, err := pgx.ConnectConfig(ctx, s.config)
	if err != nil {
		return nil, err
	}
	if err := s.prepare(ctx, c); err != nil {
		_ = c.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return c, nil
}

const (
	wrapFirstSQL = `update meta set digest_key = $1 where digest_key is null`
	wrapSQL      = `update meta set digest_key = $1 where digest_key = $2`
	unwrapSQL    = `select digest_key from meta`
)

// unlockDigests reads the key of the record's digests, or makes it for a new record. Where it is wrapped in
// a key that is being rotated out, it is wrapped anew.
func (s *Store) unlockDigests(ctx context.Context, c *pgx.Conn) error {
	key := make([]byte, digestKeySize)
	_, _ = rand.Read(key) // never fails, see crypto/rand
	// The first process wins, and all others read what it wrote.
	if _, err := c.Exec(ctx, wrapFirstSQL, s.keys.WrapDigestKey(key)); err != nil {
		return err
	}
	var wrapped []byte
	if err := c.QueryRow(ctx, unwrapSQL).Scan(&wrapped); err != nil {
		return err
	}
	key, err := s.keys.UnwrapDigestKey(wrapped)
	if err != nil {
		return err
	}
	if len(key) < digestKeySize {
		return errors.New("ledger: the key of the digests is damaged")
	}
	s.digester = ledger.NewDigester(key)
	if s.keys.Stale(wrapped) {
		_, err = c.Exec(ctx, wrapSQL, s.keys.WrapDigestKey(key), wrapped)
	}
	return err
}
