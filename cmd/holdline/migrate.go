package main

import (
	"holdline/directory"
)

type migrateCmd struct {
	MySQLFlags
}

// Run is safe to repeat: a schema that is up to date and a directory that is not
// empty are left as they are.
func (c *migrateCmd) Run(p *process) error {
	n, err := newNode(p)
	if err != nil {
		return err
	}
	db, err := directory.Open(directory.Config{
		Addr: c.MySQLAddr, Database: c.MySQLDatabase, User: c.MySQLUser, Password: p.secrets.MySQLPassword,
	})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	applied, err := directory.Migrate(p.ctx, db)
	if err != nil {
		return err
	}
	n.log.Info().Strs("applied", applied).Msg("schema is up to date")
	seeded, err := directory.SeedDemo(p.ctx, db, directory.Seed{AgentPassword: p.secrets.SeedAgentPassword})
	if err != nil {
		return err
	}
	n.log.Info().Bool("seeded", seeded).Msg("directory is ready")
	return nil
}
