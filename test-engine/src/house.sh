#!/usr/bin/env bash
# One Docker engine in a house of its own: network, mounts and processes. The house stands for as long as its standard
# input is open; then all of it falls at once, however its builder ended. Words come in by the line (stands, start,
# signal NAME, wait) and each is answered by a line.
set -u
part=$1 folder=$2
name=$(basename "$folder")
log=$folder/log

# Outside: waits until the house has fallen, then takes away what it left on disk, unless it is to be built again.
outside() {
  # The door: it is in the network of the house, and its child is process 1 there.
  unshare --net --mount --propagation unchanged --pid --fork bash "$folder/house.sh" inside "$folder" 2>>"$log"
  for top in /sys/fs/cgroup/"$name" /sys/fs/cgroup/*/"$name"; do
    [[ -d $top ]] && find "$top" -depth -type d -exec rmdir {} \;
  done
  [[ -e $folder/keep ]] || rm -rf --one-file-system "$folder"
}

# Inside, as process 1. Nothing that is mounted here may be seen outside. Containers are started by pivot_root, which
# asks that the root is a mount: where it is none (a chroot), it is made one.
inside() {
  if mountpoint -q /; then
    mount --make-rprivate /
  elif [[ ${3-} != rooted ]]; then
    mkdir -p "$folder/root"
    mount --rbind / "$folder/root" && mount --make-rprivate "$folder/root"
    exec chroot "$folder/root" bash "$folder/house.sh" inside "$folder" rooted
  fi
  local door engine=0 word argument
  # The door's number as everybody else knows it: the parent, in the /proc of outside.
  while read -r word argument; do
    [[ $word == PPid: ]] && door=$argument
  done </proc/self/status
  mount -t proc proc /proc
  # Sockets, locks and names of engines stand in /run; the host has its own.
  mount -t tmpfs -o mode=755 run /run
  ip link set lo up
  while read -r word argument; do
    case $word in
      stands) echo "stands $door" ;;
      start)
        dockerd --config-file "$folder/daemon.json" --data-root "$folder/data" --exec-root "$folder/run" \
          --pidfile "$folder/pid" --host "unix://$folder/docker.sock" --cgroup-parent "/$name" \
          --exec-opt native.cgroupdriver=cgroupfs --shutdown-timeout 3 </dev/null >>"$log" 2>&1 &
        engine=$!
        echo started
        ;;
      signal) kill -"$argument" "$engine" && echo sent || echo "there is no engine" ;;
      wait) wait "$engine"; echo "ended $?" ;;
      *) echo "not understood: $word" ;;
    esac
  done
  # Who is frozen does not die, and engines freeze containers for moments to end them: first all who could freeze.
  kill -KILL -1
  thaw
}

thaw() {
  for state in /sys/fs/cgroup/freezer/"$name"/*/freezer.state; do
    [[ -e $state ]] && echo THAWED >"$state"
  done
  for state in /sys/fs/cgroup/"$name"/*/cgroup.freeze; do
    [[ -e $state ]] && echo 0 >"$state"
  done
}

"$part" "$@"
exit
