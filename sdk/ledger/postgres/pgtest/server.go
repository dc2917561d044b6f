package pgtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	superuser = "idrec"
	// socketPort only names the socket file; each server has a folder of its own.
	socketPort = "5432"
	startLimit = 60 * time.Second
	stopLimit  = 30 * time.Second
)

// Options say what a server is; the zero value is one on a unix socket without fsync, which a crash of
// the server cannot tell from one with it: only a crash of the machine could.
type Options struct {
	// TCP listens on 127.0.0.1 besides the unix socket.
	TCP bool
	// Sync turns fsync on, for measurements.
	Sync bool
	// Settings are added to the server's configuration.
	Settings map[string]string
}

// Server is a cluster in a temporary folder. Its methods are not for concurrent use.
type Server struct {
	bin, dir string
	password string
	port     int // of TCP, 0 without
	cmd      *exec.Cmd
}

// New makes a cluster and starts it. Close removes it.
func New(opts Options) (*Server, error) {
	bin, err := find()
	if err != nil {
		return nil, err
	}
	t, err := theTemplate(bin)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "idrec-pg-")
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir, password: t.password}
	err = own(dir)
	if err == nil {
		err = t.copyTo(s.data())
	}
	if err == nil {
		err = s.setUp(opts)
	}
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return s, nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }
func (s *Server) log() string  { return filepath.Join(s.dir, "log") }

func (s *Server) setUp(opts Options) error {
	settings := map[string]string{
		"listen_addresses": "", "unix_socket_directories": s.dir, "port": socketPort,
		"max_connections": "60", "shared_buffers": "32MB", "wal_level": "replica", "max_wal_size": "256MB",
		"fsync": strconv.FormatBool(opts.Sync), "full_page_writes": strconv.FormatBool(opts.Sync),
		"log_min_messages": "warning", "jit": "off",
	}
	if opts.TCP {
		port, err := freePort()
		if err != nil {
			return err
		}
		s.port = port
		settings["listen_addresses"], settings["port"] = "127.0.0.1", strconv.Itoa(port)
	}
	maps.Copy(settings, opts.Settings)
	return s.Configure(settings)
}

// Configure adds settings to the cluster's configuration; they hold from the next start.
func (s *Server) Configure(settings map[string]string) error {
	f, err := os.OpenFile(filepath.Join(s.data(), "postgresql.auto.conf"), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	for name, value := range settings {
		_, err = fmt.Fprintf(f, "%s = '%s'\n", name, strings.ReplaceAll(value, "'", "''"))
		if err != nil {
			break
		}
	}
	return errors.Join(err, f.Close())
}

// Dir is the cluster's data folder.
func (s *Server) Dir() string { return s.data() }

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed at once
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // a TCP listener has one
	return port, l.Close()
}

// Start starts the server after Kill or Stop and returns when it takes connections.
func (s *Server) Start() error {
	deadline := time.Now().Add(startLimit)
	for {
		err := s.start(deadline)
		if err == nil {
			return nil
		}
		// The processes of a killed server need a moment to notice, and the next one does not start before.
		if time.Now().After(deadline) || !strings.Contains(s.Log(), "shared memory block") {
			return fmt.Errorf("%w\n%s", err, s.Log())
		}
		pause()
	}
}

func (s *Server) start(deadline time.Time) error {
	out, err := os.OpenFile(s.log(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	cmd := exec.CommandContext(context.Background(), filepath.Join(s.bin, "postgres"), "-D", s.data()) //nolint:gosec // the server that was looked for
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, out, out
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	become(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	for time.Now().Before(deadline) {
		status, _ := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
		lines := strings.Split(string(status), "\n")
		// The eighth line tells when the server takes connections.
		if len(lines) > 7 && lines[0] == strconv.Itoa(cmd.Process.Pid) && strings.TrimSpace(lines[7]) == "ready" {
			s.cmd = cmd
			return nil
		}
		if ended(cmd.Process.Pid) {
			break
		}
		pause()
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return errors.New("pgtest: the server did not start")
}

// pause is the interval at which a process is looked at that tells of its state only by files.
func pause() { time.Sleep(5 * time.Millisecond) }

// Kill ends every process of the server with SIGKILL, as a crash of its machine would.
func (s *Server) Kill() error {
	if s.cmd == nil {
		return nil
	}
	pid := s.cmd.Process.Pid
	// Stopped first, so that it makes no new ones meanwhile.
	suspend(pid)
	below := children(pid)
	err := s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.cmd = nil
	for _, child := range below {
		kill(child)
	}
	for deadline := time.Now().Add(stopLimit); len(below) > 0; {
		if ended(below[0]) {
			below = below[1:]
			continue
		}
		if time.Now().After(deadline) {
			return errors.New("pgtest: processes of the server outlive SIGKILL")
		}
		pause()
	}
	return err
}

// Stop ends the server in order (a fast shutdown).
func (s *Server) Stop() error {
	if s.cmd == nil {
		return nil
	}
	over := time.AfterFunc(stopLimit, func() { _ = s.cmd.Process.Kill() })
	defer over.Stop()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	_ = s.cmd.Wait()
	s.cmd = nil
	return nil
}

// Suspend stops every process of the server where it stands, as a machine that hangs; Resume lets them
// go on.
func (s *Server) Suspend() { s.each(suspend) }

// Resume ends Suspend.
func (s *Server) Resume() { s.each(resume) }

func (s *Server) each(f func(int)) {
	pid := s.cmd.Process.Pid
	f(pid)
	for _, child := range children(pid) {
		f(child)
	}
}

// Close ends the server and removes the cluster.
func (s *Server) Close() error { return errors.Join(s.Kill(), os.RemoveAll(s.dir)) }

// Log returns what the server has written since its start.
func (s *Server) Log() string {
	b, _ := os.ReadFile(s.log())
	return string(b)
}

// Socket returns the unix socket that the server listens on.
func (s *Server) Socket() string {
	port := socketPort
	if s.port != 0 {
		port = strconv.Itoa(s.port)
	}
	return filepath.Join(s.dir, ".s.PGSQL."+port)
}

// Password returns the password of the server's only user, a superuser.
func (s *Server) Password() string { return s.password }

// DSN names the database postgres on this server, by its socket. Parameters are added, as in
// "sslmode", "disable".
func (s *Server) DSN(parameters ...string) string {
	q := url.Values{"host": {s.dir}}
	if s.port != 0 {
		q.Set("port", strconv.Itoa(s.port))
	}
	return s.dsn("", q, parameters)
}

// DSNAt names the same database behind an address such as 127.0.0.1:5432, that of a proxy for instance.
func (s *Server) DSNAt(address string, parameters ...string) string {
	return s.dsn(address, url.Values{"sslmode": {"disable"}}, parameters)
}

// Address is where the server listens on TCP; empty without.
func (s *Server) Address() string {
	if s.port == 0 {
		return ""
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port))
}

func (s *Server) dsn(address string, q url.Values, parameters []string) string {
	for i := 0; i+1 < len(parameters); i += 2 {
		q.Set(parameters[i], parameters[i+1])
	}
	u := url.URL{Scheme: "postgres", User: url.UserPassword(superuser, s.password), Host: address, Path: "/postgres", RawQuery: q.Encode()}
	return u.String()
}

// WriteFile writes a file into the cluster's folder, readable by the server alone.
func (s *Server) WriteFile(name string, content []byte) error {
	path := filepath.Join(s.data(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return err
	}
	return own(path)
}
