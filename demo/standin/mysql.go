package standin

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"sync"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/server"
	gms "github.com/dolthub/go-mysql-server/sql"
	"github.com/sirupsen/logrus"

	"holdline/directory"
)

// Names that the embedded MySQL knows.
const (
	Database = "holdline"
	User     = "holdline" // may do everything
)

// MySQL is an embedded MySQL. Close it.
type MySQL struct {
	// LeftOut are the procedures and triggers of the real schema that it lacks.
	LeftOut []string

	server   *server.Server
	address  string
	password string
	running  sync.WaitGroup
}

// OpenMySQL listens on address and makes the tables of the directory.
func OpenMySQL(ctx context.Context, address, password string, migrations fs.FS) (*MySQL, error) {
	m := &MySQL{password: password}
	if err := m.start(ctx, address); err != nil {
		return nil, fmt.Errorf("start the embedded MySQL on %s: %w", address, err)
	}
	if err := m.migrate(ctx, migrations); err != nil {
		return nil, errors.Join(fmt.Errorf("make the tables of the directory: %w", err), m.Close())
	}
	return m, nil
}

func (m *MySQL) start(ctx context.Context, address string) error {
	logrus.SetOutput(io.Discard) // what it would say of a statement, who sent it is told
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	m.address = listener.Addr().String()
	// Its user may read files, as MySQL's FILE does: from a folder that is none.
	if err := gms.SystemVariables.AssignValues(map[string]any{"secure_file_priv": "/nonexistent"}); err != nil {
		return errors.Join(err, listener.Close())
	}
	db := memory.NewDatabase(Database)
	db.EnablePrimaryKeyIndexes() // foreign keys ask for them
	provider := memory.NewDBProvider(db)
	engine := sqle.NewDefault(provider)
	engine.Analyzer.Catalog.RegisterFunction(gms.NewEmptyContext(), gms.Function2{Name: matchesName, Fn: newMatches})
	users := engine.Analyzer.Catalog.MySQLDb
	editor := users.Editor()
	users.AddSuperUser(editor, User, "%", m.password)
	editor.Close()
	m.server, err = server.NewServer(server.Config{Protocol: "tcp", Address: m.address, Listener: listener},
		engine, gms.NewContext, memory.NewSessionBuilder(provider), nil)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	m.running.Go(func() { _ = m.server.Start() }) // ends when it is closed
	return nil
}

func (m *MySQL) migrate(ctx context.Context, migrations fs.FS) error {
	statements, leftOut, err := Schema(migrations)
	if err != nil {
		return err
	}
	m.LeftOut = leftOut
	db, err := m.Client()
	if err != nil {
		return err
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%.80q: %w", s, err)
		}
	}
	return nil
}

// Addr is host:port.
func (m *MySQL) Addr() string { return m.address }

// Client opens connections as Holdline's callmanager does. Close it.
func (m *MySQL) Client() (*sql.DB, error) {
	return directory.Open(directory.Config{Addr: m.address, Database: Database, User: User, Password: m.password})
}

// Close ends it.
func (m *MySQL) Close() error {
	err := m.server.Close()
	m.running.Wait()
	return err
}
