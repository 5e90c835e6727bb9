#!/bin/sh
# Runs a PostgreSQL for tests in a new folder until the process that started it ends, then removes the folder.
# Usage: postgres_server.sh BINARIES FOLDER PORT PROCESS [SETTINGS]
# SETTINGS are lines of postgresql.conf that take precedence.
# Writes FOLDER/ready when the server accepts connections, or FOLDER/failed. PostgreSQL refuses to run as root.
binaries=$1 folder=$2 port=$3 process=$4 settings=$5
as_server=""
if [ "$(id -u)" = 0 ]; then
  chown postgres "$folder"
  as_server="setpriv --reuid=postgres --regid=postgres --clear-groups"
fi
cd "$folder" || exit 1
start() {
  $as_server "$binaries/initdb" -D "$folder/data" -U flwr --auth=trust --encoding=UTF8 --locale=C --no-sync &&
    $as_server tee -a "$folder/data/postgresql.conf" <<CONF &&
listen_addresses = '127.0.0.1, 127.0.0.2'
port = $port
unix_socket_directories = ''
max_connections = 200
shared_buffers = 64MB
fsync = off
full_page_writes = off
$settings
CONF
    $as_server tee "$folder/data/pg_hba.conf" <<HBA &&
host all needs_password 127.0.0.0/8 scram-sha-256
host all all 127.0.0.0/8 trust
HBA
    $as_server "$binaries/pg_ctl" -D "$folder/data" -l "$folder/data/log" -w -t 60 start
}
if start > "$folder/output" 2>&1; then touch "$folder/ready"; else mv "$folder/output" "$folder/failed"; fi
while kill -0 "$process" 2> /dev/null; do sleep 0.5; done
$as_server "$binaries/pg_ctl" -D "$folder/data" -m immediate stop > /dev/null 2>&1
rm -rf "$folder"
