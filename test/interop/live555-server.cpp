// A server out of live555's parts: server NAME=FILE[,FILE]…
// A stream's files are .264, .265, .wav (sent as G.711 µ-law) or .mkv with any number of tracks. It plays every stream on
// two ports, to everybody and to user:password by Digest, and writes these when it listens.
#include <cstdio>
#include <sstream>
#include <string>

#include "BasicUsageEnvironment.hh"
#include "GroupsockHelper.hh"
#include "liveMedia.hh"

static UsageEnvironment *env;

struct Demuxed {
  ServerMediaSession *session = nullptr;
  char volatile over = 0;
};

static void addMatroska(MatroskaFileServerDemux *demux, void *to) {
  auto *demuxed = static_cast<Demuxed *>(to);
  while (auto *track = demux->newServerMediaSubsession()) demuxed->session->addSubsession(track);
  demuxed->over = 1;
}

static void addFile(ServerMediaSession *session, std::string const &file) {
  std::string const kind = file.substr(file.rfind('.'));
  if (kind == ".264")
    session->addSubsession(H264VideoFileServerMediaSubsession::createNew(*env, file.c_str(), False));
  else if (kind == ".265")
    session->addSubsession(H265VideoFileServerMediaSubsession::createNew(*env, file.c_str(), False));
  else if (kind == ".wav")
    session->addSubsession(WAVAudioFileServerMediaSubsession::createNew(*env, file.c_str(), False, True));
  else {
    Demuxed demuxed;
    demuxed.session = session;
    MatroskaFileServerDemux::createNew(*env, file.c_str(), addMatroska, &demuxed);
    env->taskScheduler().doEventLoop(&demuxed.over);
  }
}

static RTSPServer *serve(int count, char **streams, UserAuthenticationDatabase *users) {
  auto *server = RTSPServer::createNew(*env, 0, users);
  for (int i = 0; i < count; i++) {
    std::istringstream stream(streams[i]);
    std::string name, file;
    std::getline(stream, name, '=');
    auto *session = ServerMediaSession::createNew(*env, name.c_str());
    while (std::getline(stream, file, ',')) addFile(session, file);
    server->addServerMediaSession(session);
  }
  return server;
}

static int portOf(RTSPServer *server) {
  std::string const url = server->rtspURLPrefix();
  return std::stoi(url.substr(url.rfind(':') + 1));
}

int main(int argc, char **argv) {
  OutPacketBuffer::maxSize = 2'000'000;
  ReceivingInterfaceAddr = htonl(INADDR_LOOPBACK);
  ReceivingInterfaceAddr6 = in6addr_loopback;
  env = BasicUsageEnvironment::createNew(*BasicTaskScheduler::createNew());
  auto *users = new UserAuthenticationDatabase;
  users->addUserRecord("user", "password");
  auto *plain = serve(argc - 1, argv + 1, nullptr);
  auto *digest = serve(argc - 1, argv + 1, users);
  std::printf("{\"ports\": {\"plain\": %d, \"digest\": %d}}\n", portOf(plain), portOf(digest));
  std::fflush(stdout);
  env->taskScheduler().doEventLoop();
}
