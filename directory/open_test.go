package directory

import (
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

func TestOpenSetsEveryTimeout(t *testing.T) {
	c := Config{Addr: "mysql:3306", Database: "holdline", User: "callmanager", Password: "p@ss/w:rd?"}
	d, err := c.driver()
	if err != nil {
		t.Fatal(err)
	}
	// Through the text form: what the driver reads, not what we wrote.
	d, err = mysql.ParseDSN(d.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	if d.Timeout != DefaultDialTimeout || d.ReadTimeout != DefaultIOTimeout || d.WriteTimeout != DefaultIOTimeout {
		t.Errorf("timeouts %s %s %s", d.Timeout, d.ReadTimeout, d.WriteTimeout)
	}
	if !d.ParseTime || d.Loc != time.UTC || d.Params["time_zone"] != "'+00:00'" {
		t.Errorf("times: %v %v %v", d.ParseTime, d.Loc, d.Params)
	}
	if !d.InterpolateParams || !d.RejectReadOnly || d.MultiStatements || d.TLSConfig != "preferred" {
		t.Errorf("flags: %+v", d)
	}
	if d.Passwd != c.Password || d.Addr != c.Addr || d.User != c.User || d.DBName != c.Database {
		t.Errorf("identity: %+v", d)
	}
}

func TestOpenRefusesWhatItCannotUse(t *testing.T) {
	good := Config{Addr: "a:1", Database: "d", User: "u"}
	if db, err := Open(good); err != nil {
		t.Errorf("%+v: %v", good, err)
	} else {
		_ = db.Close()
	}
	for want, edit := range map[string]func(*Config){
		"address is empty":  func(c *Config) { c.Addr = "" },
		"database is empty": func(c *Config) { c.Database = "" },
		"user is empty":     func(c *Config) { c.User = "" },
		"perhaps":           func(c *Config) { c.TLS = "perhaps" },
	} {
		c := good
		edit(&c)
		if _, err := Open(c); err == nil || !strings.Contains(strings.ToLower(err.Error()), want) {
			t.Errorf("want an error on %s, got %v", want, err)
		}
	}
}
