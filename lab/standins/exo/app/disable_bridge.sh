#!/bin/bash
# Installed by EXO as root: gives every Thunderbolt port its own service with DHCP, in a network location of its own.
# What the location before it held (static addresses, DNS servers, proxies) stays behind there.
set -u
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/libexec

preferences=/Library/Preferences/SystemConfiguration/preferences.plist
location=exo
pause=20
factor=/private/var/db/simulator/time_factor
if [ -r "$factor" ]; then
  pause=$(awk -v seconds="$pause" '{ print seconds * $1; exit }' "$factor")
fi
sleep "$pause"

if ifconfig bridge0 >/dev/null 2>&1; then
  ifconfig bridge0 | while read -r word member _; do
    if [ "$word" = "member:" ]; then
      ifconfig bridge0 deletem "$member"
    fi
  done
  ifconfig bridge0 destroy
fi
# A bridge that is not in the preferences cannot be deleted from them.
PlistBuddy -c "Delete :VirtualNetworkInterfaces:Bridge:bridge0" "$preferences" || true

if ! networksetup -listlocations | grep -qx "$location"; then
  networksetup -createlocation "$location"
fi
networksetup -switchtolocation "$location"

networksetup -listallhardwareports | while IFS= read -r line; do
  case $line in
    "Hardware Port: "*) port=${line#Hardware Port: } ;;
    "Device: "*)
      case $port in
        "Thunderbolt Bridge") ;;
        "Thunderbolt "[0-9]*)
          service="EXO $port"
          if ! networksetup -listallnetworkservices | grep -qx "$service"; then
            networksetup -createnetworkservice "$service" "$port"
          fi
          networksetup -setdhcp "$service"
          ;;
        *)
          if ! networksetup -listallnetworkservices | grep -qx "$port"; then
            networksetup -createnetworkservice "$port" "$port"
          fi
          ;;
      esac
      ;;
  esac
done

# Not a verb networksetup knows: nothing is listed, so a bridge service would stay enabled.
if networksetup -listnetworkservices 2>/dev/null | grep -q "Thunderbolt Bridge"; then
  networksetup -setnetworkserviceenabled "Thunderbolt Bridge" off
fi
exit 0
