#!/bin/sh
# The roles' users, once, when the data directory is made. What each may read
# and write is granted table by table by the directory's migrations.
set -eu
MYSQL_PWD=$MYSQL_ROOT_PASSWORD mysql -uroot <<SQL
CREATE USER migrate@'%' IDENTIFIED BY '${MYSQL_MIGRATE_PASSWORD:?}';
GRANT ALL ON \`$MYSQL_DATABASE\`.* TO migrate@'%' WITH GRANT OPTION;
CREATE USER callmanager@'%' IDENTIFIED BY '${MYSQL_CALLMANAGER_PASSWORD:?}';
CREATE USER kamailio@'%' IDENTIFIED BY '${MYSQL_KAMAILIO_PASSWORD:?}';
SQL
