#if canImport(SwiftUI)
import Fulmar
import SwiftUI

/// A chat screen. There is nothing to load and nothing to refresh: what is in the store is on the screen.
@available(iOS 17, macOS 14, *)
public struct ChatScreen: View {
    private let client: Client
    private let me: UserId
    private let chat: Conversation
    private let timeline: Timeline
    @State private var messages: LiveModel<TimelineSnapshot>
    @State private var connection: LiveModel<ConnectionState>
    @State private var draft = ""
    @State private var complaint: String?

    public init(client: Client, me: UserId, chat: Conversation) throws {
        let timeline = try chat.timeline()
        (self.client, self.me, self.chat, self.timeline) = (client, me, chat, timeline)
        _messages = State(initialValue: LiveModel(timeline.items))
        _connection = State(initialValue: LiveModel(client.connection))
    }

    public var body: some View {
        VStack(spacing: 0) {
            if let banner { Text(banner).frame(maxWidth: .infinity).padding(8).background(.yellow.opacity(0.3)) }
            ScrollView {
                // The items' ids never change: a message keeps its place from the first tap to the last tick.
                LazyVStack {
                    ForEach(messages.value?.messages ?? []) { message in
                        MessageRow(message: message, isMine: message.sender == me)
                            .onTapGesture { if case .failed = message.state { act { try await client.outbox.retry(message.key) } } }
                    }
                }
            }
            .defaultScrollAnchor(.bottom)
            .refreshable { act { try await timeline.loadOlder() } }
            if let complaint { Text(complaint).foregroundStyle(.red) }
            HStack {
                TextField("Message", text: $draft)
                Button("Send") {
                    let text = draft
                    draft = ""
                    act { try await chat.send(text) }
                }
                .disabled(draft.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty)
            }
            .padding(8)
        }
        .task { await messages.run() }
        .task { await connection.run() }
        .onChange(of: messages.value?.messages.last?.position) { _, newest in
            // What is on the screen has been read.
            if let newest { act { try await chat.markReadUpTo(newest) } }
        }
    }

    private var banner: String? {
        switch connection.value {
        case nil, .live, .catchingUp, .polling: nil
        case .offline: "No network. Messages wait."
        case .connecting, .waiting: "Connecting…"
        case .signedOut: "Signed out."
        }
    }

    private func act(_ work: @escaping @MainActor () async throws -> Void) {
        Task {
            do {
                try await work()
                complaint = nil
            } catch {
                complaint = error.localizedDescription
            }
        }
    }
}

@available(iOS 17, macOS 14, *)
private struct MessageRow: View {
    let message: MessageItem
    let isMine: Bool

    var body: some View {
        HStack {
            if isMine { Spacer() }
            Text(message.text)
            if isMine { Image(systemName: mark) }
            if !isMine { Spacer() }
        }
        .padding(.horizontal, 8)
    }

    private var mark: String {
        switch message.state {
        case .pending, .uploading, .sending: "clock"
        case .unconfirmed: "questionmark"
        case .sent: "checkmark"
        case .failed: "exclamationmark.triangle"
        }
    }
}
#endif
